#include "cli/undo_script.h"

#include "events.h"

#include "base/file.h"
#include "base/mem.h"

#include <fcntl.h>

static char directory[64];
static struct undo_script *script;
static struct events events;

static void take(struct plain_event event)
{
    struct err err = {0};

    if (!undo_script_take(script, &events.source, &event, &err))
        fail_msg("%s", err.text);
}

static void begin(bool rows_as_statements)
{
    struct err err;

    events_init(&events, "9.7.4");
    assert_true(undo_script_open(rows_as_statements, &script, &err));
    take(events_hex(&events, EVENT_FORMAT_DESCRIPTION, ""));
}

static void end(void)
{
    undo_script_close(script);
    events_done(&events);
}

static void check_refused(struct plain_event event, const char *expected)
{
    struct err err = {0};

    assert_false(undo_script_take(script, &events.source, &event, &err));
    assert_contains(err.text, expected);
}

/* The script, from its guard on, in a new string. */
static char *written(void)
{
    char *path = mem_printf("%s/out", directory);
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    struct err err;
    char *content;

    assert_true(fd >= 0);
    assert_true(undo_script_write(script, fd, &err));
    assert_true(file_read(path, 1000000, &content, &err));
    fd_close(&fd);
    mem_free(path);
    return content;
}

static void take_rows(uint8_t type, const char *hex)
{
    take(events_hex(&events, EVENT_TABLE_MAP, EVENTS_MAP));
    take(events_hex(&events, type, hex));
}

static void the_last_change_is_undone_first(void **state)
{
    char *text;

    (void)state;
    begin(true);
    take(events_query(&events, "BEGIN"));
    take_rows(EVENT_WRITE_ROWS, "6d0000000000 0100 0200 02 ff fe01000000 fe02000000");
    take_rows(EVENT_UPDATE_ROWS, "6d0000000000 0300 0200 02 ff ff fe02000000 fe03000000");
    take(events_hex(&events, EVENT_XID, "0100000000000000"));
    take(events_query(&events, "BEGIN"));
    take(events_query(&events, "SAVEPOINT `a`"));
    take_rows(EVENT_DELETE_ROWS, "6d0000000000 0100 0200 02 ff fc01000000 0161");
    take(events_query(&events, "COMMIT"));
    take(events_query(&events, "BEGIN"));
    take(events_query(&events, "ROLLBACK"));
    text = written();
    assert_contains(text, "DEALLOCATE PREPARE borealis_guard/*!*/;\n"
                          "BEGIN/*!*/;\n"
                          "INSERT INTO `d`.`t` (`id`, `v`) VALUES (1, 'a')\n/*!*/;\n"
                          "COMMIT/*!*/;\n"
                          "BEGIN/*!*/;\n"
                          "SET @@session.foreign_key_checks=0/*!*/;\n"
                          "UPDATE `d`.`t` SET `id`=2, `v`=NULL WHERE `id`=3\n/*!*/;\n"
                          "SET @@session.foreign_key_checks=1/*!*/;\n"
                          "DELETE FROM `d`.`t` WHERE `id`=2\n/*!*/;\n"
                          "DELETE FROM `d`.`t` WHERE `id`=1\n/*!*/;\n"
                          "COMMIT/*!*/;\n"
                          "DELIMITER ;\n");
    mem_free(text);
    end();
}

static void a_format_comes_before_what_it_describes(void **state)
{
    const char *first;
    const char *second;
    char *text;

    (void)state;
    begin(false);
    for (int file = 0; file < 2; file++) {
        take(events_query(&events, "BEGIN"));
        take_rows(EVENT_WRITE_ROWS, "6d0000000000 0100 0200 02 ff fe01000000");
        take(events_hex(&events, EVENT_XID, "0100000000000000"));
        take(events_hex(&events, EVENT_FORMAT_DESCRIPTION, ""));
    }
    text = written();
    first = strstr(text, "BINLOG '\nAAAAAA8AAAAA");
    assert_non_null(first);
    second = strstr(first + 1, "BINLOG '\nAAAAAA8AAAAA");
    assert_non_null(second);
    assert_null(strstr(second + 1, "BINLOG '\nAAAAAA8AAAAA"));
    assert_true(strstr(first, "BEGIN/*!*/;\n") < second);
    assert_non_null(strstr(second, "BEGIN/*!*/;\n"));
    mem_free(text);
    end();
}

static void what_is_no_change_of_rows_is_refused(void **state)
{
    (void)state;
    begin(false);
    check_refused(events_query(&events, "UPDATE t SET v='secret'"),
                  "a statement (UPDATE t SET v...): a log tells what it said");
    check_refused(events_query(&events, ""), "a statement (...)");
    check_refused(events_query(&events, "ROLLBACK TO `a`"), "rolled back in part");
    check_refused(events_hex(&events, EVENT_EXECUTE_LOAD_QUERY, ""), "it has no undo");
    check_refused(events_hex(&events, EVENT_XA_PREPARE, ""), "it has no undo");
    check_refused(events_hex(&events, EVENT_MARIADB_GTID,
                             "0900000000000000 00000000 40"
                             "01000000 01 00 61"),
                  "an XA transaction");
    take(events_query(&events, "DROP /*!40005 TEMPORARY */ TABLE IF EXISTS `x`"));
    events.source.in_range = false;
    take(events_query(&events, "UPDATE t SET v='secret'"));
    end();
    undo_script_close(NULL);
}

static void cut_transactions_are_refused(void **state)
{
    struct err err;

    (void)state;
    begin(false);
    take(events_hex(&events, EVENT_TABLE_MAP, EVENTS_MAP));
    check_refused(events_hex(&events, EVENT_WRITE_ROWS, "6d0000000000 0100 0200 02 ff fe01000000"),
                  "d.t: rows outside a transaction");
    events.source.in_range = false;
    take(events_query(&events, "BEGIN"));
    events.source.in_range = true;
    check_refused(events_hex(&events, EVENT_WRITE_ROWS, "6d0000000000 0100 0200 02 ff fe01000000"),
                  "the range begins inside a transaction, which began at offset 304");
    take(events_query(&events, "BEGIN"));
    take_rows(EVENT_WRITE_ROWS, "6d0000000000 0100 0200 02 ff fe01000000");
    check_refused(events_query(&events, "ROLLBACK"), "rolled back in part");
    assert_false(undo_script_write(script, -1, &err));
    assert_contains(err.text, "a.000001: offset 504: the range ends inside the transaction");
    end();
}

static int setup(void **state)
{
    (void)state;
    check_make_dir(directory);
    return 0;
}

static int teardown(void **state)
{
    struct err err;

    (void)state;
    return dir_remove(directory, &err) ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_change_is_undone_first),
        cmocka_unit_test(a_format_comes_before_what_it_describes),
        cmocka_unit_test(what_is_no_change_of_rows_is_refused),
        cmocka_unit_test(cut_transactions_are_refused),
    };

    return cmocka_run_group_tests_name("undo_script", tests, setup, teardown);
}
