#include "daemon/relay_identity.h"

#include "base/file.h"
#include "base/mem.h"
#include "replication/server_identity.h"

#include <inttypes.h>
#include <jansson.h>

#define IDENTITY_MAX 4096

static bool read_identity(const char *path, struct relay_identity *ret_identity, struct err *err)
{
    struct gtid_uuid uuid;
    char *text = NULL;
    const char *uuid_text;
    json_int_t server_id;
    json_t *root;
    bool good;

    if (!file_read(path, IDENTITY_MAX, &text, err))
        return false;
    root = json_loads(text, 0, NULL);
    good =
        root &&
        json_unpack(root, "{s:I, s:s}", "server_id", &server_id, "server_uuid", &uuid_text) == 0 &&
        server_id > 0 && server_id <= UINT32_MAX &&
        gtid_uuid_parse(span_str(uuid_text), &uuid, err);
    if (good) {
        ret_identity->server_id = (uint32_t)server_id;
        gtid_uuid_print(&uuid, ret_identity->server_uuid);
    } else {
        (void)err_set(err, E_PROTO, 0,
                      "%s: expected an object with server_id (1 to 4294967295) and server_uuid",
                      path);
    }
    json_decref(root);
    mem_free(text);
    return good;
}

static bool write_identity(const char *path, const struct relay_identity *identity, struct err *err)
{
    char *text = mem_printf("{\"server_id\": %" PRIu32 ", \"server_uuid\": \"%s\"}\n",
                            identity->server_id, identity->server_uuid);
    bool good = file_write(path, span_str(text), 0600, err);

    mem_free(text);
    return good;
}

bool relay_identity_find(const char *directory, uint32_t asked, struct relay_identity *ret_identity,
                         struct err *err)
{
    char *path = mem_printf("%s/identity.json", directory);
    struct relay_identity identity = {0};
    bool there = path_exists(path);
    bool good = true;

    if (there) {
        good = read_identity(path, &identity, err);
    } else {
        server_uuid_choose(identity.server_uuid);
        identity.server_id = server_number_choose(0);
    }
    if (good && (!there || (asked != 0 && asked != identity.server_id))) {
        identity.server_id = asked != 0 ? asked : identity.server_id;
        good = write_identity(path, &identity, err);
    }
    if (good)
        *ret_identity = identity;
    mem_free(path);
    return good;
}
