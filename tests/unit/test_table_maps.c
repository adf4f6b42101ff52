#include "binlog/table_maps.h"

#include "check.h"

static struct format format;

/* The body of a table map: the id tells the table's name too, one INT column. */
static void write_map(struct buf *body, uint64_t id)
{
    buf_clear(body);
    buf_le(body, id, 6);
    buf_u16(body, 1);
    buf_printf(body, "%cd", 1);
    buf_u8(body, 0);
    buf_printf(body, "%c%08llu", 8, (unsigned long long)id);
    buf_u8(body, 0);
    buf_lenenc(body, 1);
    buf_u8(body, COLUMN_LONG);
    buf_lenenc(body, 0);
    buf_u8(body, 0);
}

static const struct table_map *take(struct table_maps *maps, uint64_t id)
{
    const struct table_map *map = NULL;
    struct err err = {0};
    struct buf body;
    bool taken;

    buf_init(&body, 4096);
    write_map(&body, id);
    taken = table_maps_take(maps, buf_span(&body), &format, &map, &err);
    buf_done(&body);
    if (!taken)
        fail_msg("%s", err.text);
    return map;
}

static void test_maps_of_a_statement_stay(void **state)
{
    struct table_maps *maps = table_maps_new();

    (void)state;
    format_init(&format, "8.0.36", CHECKSUM_CRC32);
    for (uint64_t id = 1; id <= 300; id++)
        assert_int_equal(take(maps, id)->table_id, id);
    for (uint64_t id = 1; id <= 300; id++)
        assert_int_equal(table_maps_find(maps, id)->table_id, id);
    assert_null(table_maps_find(maps, 301));
    table_maps_free(maps);
}

static void test_an_ended_statement_gives_its_room(void **state)
{
    struct table_maps *maps = table_maps_new();

    (void)state;
    format_init(&format, "8.0.36", CHECKSUM_CRC32);
    for (uint64_t id = 1; id <= 10000; id++) {
        assert_int_equal(take(maps, id)->table_id, id);
        assert_non_null(table_maps_find(maps, id));
        table_maps_end_statement(maps);
    }
    assert_null(table_maps_find(maps, 1));
    assert_non_null(table_maps_find(maps, 10000));
    table_maps_free(maps);
}

static void test_a_map_that_breaks_the_format(void **state)
{
    struct table_maps *maps = table_maps_new();
    const struct table_map *map = NULL;
    struct err err = {0};
    struct buf body;

    (void)state;
    format_init(&format, "8.0.36", CHECKSUM_CRC32);
    buf_init(&body, 4096);
    write_map(&body, 5);
    assert_false(table_maps_take(maps, span_of(body.data, body.len - 2), &format, &map, &err));
    assert_null(map);
    assert_null(table_maps_find(maps, 5));
    buf_done(&body);
    table_maps_free(maps);
    table_maps_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_maps_of_a_statement_stay),
        cmocka_unit_test(test_an_ended_statement_gives_its_room),
        cmocka_unit_test(test_a_map_that_breaks_the_format),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
