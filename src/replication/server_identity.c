#include "replication/server_identity.h"

#include "base/random.h"

void server_uuid_choose(char ret_text[GTID_UUID_TEXT + 1])
{
    struct gtid_uuid uuid;

    random_bytes(uuid.bytes, sizeof uuid.bytes);
    uuid.bytes[6] = (uint8_t)((uuid.bytes[6] & 0x0f) | 0x40); /* version 4: random */
    uuid.bytes[8] = (uint8_t)((uuid.bytes[8] & 0x3f) | 0x80);
    gtid_uuid_print(&uuid, ret_text);
}

uint32_t server_number_choose(uint32_t taken)
{
    uint32_t number;

    do {
        number = random_u32() >> 1 | UINT32_C(0x40000000);
    } while (number == taken);
    return number;
}
