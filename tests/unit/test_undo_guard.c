#include "cli/undo_guard.h"

#include "check.h"

#include "base/buf.h"

static struct undo_guard *guard;
static struct buf out;

static void take(uint8_t kind, uint16_t flags, const char *table)
{
    struct rows rows = {.kind = kind, .flags = flags};
    struct table_map map = {.database = span_str("d"), .table = span_str(table)};

    undo_guard_take(guard, &rows, &map);
}

static const char *write(bool rows_as_statements)
{
    buf_clear(&out);
    undo_guard_write(guard, &out, rows_as_statements);
    return buf_borrow_cstr(&out);
}

static void no_tables_need_no_guard(void **state)
{
    (void)state;
    assert_string_equal(write(false), "");
    assert_string_equal(write(true), "");
}

static void a_kind_of_change_asks_for_its_rule(void **state)
{
    const char *text;

    (void)state;
    take(ROWS_WRITE, ROWS_FLAG_SQL_FOREIGN_KEYS, "w");
    take(ROWS_DELETE, 0, "it's");
    take(ROWS_DELETE, 0, "it's");
    take(ROWS_DELETE, ROWS_FLAG_SQL_FOREIGN_KEYS, "logged");
    text = write(false);
    assert_contains(text, "WHERE DELETE_RULE IN ('CASCADE', 'SET NULL', 'SET DEFAULT')\n"
                          "  AND (UNIQUE_CONSTRAINT_SCHEMA='d' AND REFERENCED_TABLE_NAME='it\\'s'\n"
                          "    OR UNIQUE_CONSTRAINT_SCHEMA='d' AND REFERENCED_TABLE_NAME='w') "
                          "LIMIT 1),\n");
    assert_null(strstr(text, "UPDATE_RULE"));
    assert_contains(text, "'DO 0')/*!*/;\nPREPARE borealis_guard FROM @borealis_guard/*!*/;\n");
    take(ROWS_UPDATE, 0, "logged");
    assert_contains(write(false), "UPDATE_RULE IN ('CASCADE', 'SET NULL', 'SET DEFAULT')\n"
                                  "  AND (UNIQUE_CONSTRAINT_SCHEMA='d' AND "
                                  "REFERENCED_TABLE_NAME='logged') LIMIT 1),\n");
}

static void statements_fire_triggers(void **state)
{
    (void)state;
    take(ROWS_DELETE, ROWS_FLAG_SQL_FOREIGN_KEYS, "t");
    assert_contains(write(true), "FROM information_schema.TRIGGERS\n"
                                 "  WHERE (EVENT_OBJECT_SCHEMA='d' AND EVENT_OBJECT_TABLE='t')");
    assert_null(strstr(write(true), "_RULE"));
    /* As rows they do so only where MariaDB is told to. */
    assert_contains(write(false), "/*M!100101 (SELECT");
    assert_contains(write(false), "WHERE @@global.slave_run_triggers_for_rbr <> 'NO' AND (EVENT");
}

static void many_tables(void **state)
{
    unsigned found = 0;

    (void)state;
    for (unsigned i = 0; i < 600; i++) {
        char name[16];

        (void)snprintf(name, sizeof name, "t%u", i * 7 % 300);
        take(ROWS_WRITE, 0, name);
    }
    for (const char *at = write(false); (at = strstr(at, "REFERENCED_TABLE_NAME='")); at++)
        found++;
    assert_int_equal(found, 300);
}

static int setup(void **state)
{
    (void)state;
    guard = undo_guard_new();
    buf_init(&out, 1000000);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    undo_guard_free(guard);
    undo_guard_free(NULL);
    buf_done(&out);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(no_tables_need_no_guard, setup, teardown),
        cmocka_unit_test_setup_teardown(a_kind_of_change_asks_for_its_rule, setup, teardown),
        cmocka_unit_test_setup_teardown(statements_fire_triggers, setup, teardown),
        cmocka_unit_test_setup_teardown(many_tables, setup, teardown),
    };

    return cmocka_run_group_tests_name("undo_guard", tests, NULL, NULL);
}
