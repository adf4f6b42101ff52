#include "check.h"

#include "check/check.h"
#include "check/object_scan.h"
#include "check/support.h"

static const uint32_t versions[] = {50548,  50624,  50744,  80036,  80400,  90704, 100038,
                                    100339, 100622, 101119, 110408, 110806, 120300};

static void for_each(void (*see)(const struct check *check))
{
    for (size_t table = 0; check_tables[table]; table++) {
        for (const struct check *check = check_tables[table]; check->id; check++)
            see(check);
    }
}

static void see_row(const struct check *check)
{
    int kinds = (check->variable != NULL) + (check->source != SOURCE_NONE) +
                (check->run != NULL && check->source == SOURCE_NONE);

    assert_int_equal(kinds, 1);
    assert_non_null(strchr(check->id, '.'));
    assert_int_equal(strspn(check->id, "abcdefghijklmnopqrstuvwxyz0123456789_."),
                     strlen(check->id));
    assert_non_null(check->title);
    assert_non_null(check->expected);
    assert_non_null(check->why);
    assert_int_equal(check->why[strlen(check->why) - 1], '.');
    assert_true(check->families >= OF_MYSQL && check->families <= OF_BOTH);
    assert_int_equal(check->variable != NULL, check->good != NULL);
    assert_int_equal(check->source != SOURCE_NONE, check->predicate != NULL);
    assert_int_equal(check->crossing, strncmp(check->id, "cross.", 6) == 0);
    assert_true(check->severity != SEVERITY_OK && check->severity != SEVERITY_UNKNOWN);
    /* What is to be mended says how. */
    assert_true(check->action || check->severity == SEVERITY_NOTE || check->run);
}

static void test_rows(void **state)
{
    (void)state;
    for_each(see_row);
}

static size_t count_id(const char *id, enum format_family family, uint32_t version)
{
    size_t count = 0;

    for (size_t table = 0; check_tables[table]; table++) {
        for (const struct check *check = check_tables[table]; check->id; check++)
            count += check_applies(check, family, version) && strcmp(check->id, id) == 0;
    }
    return count;
}

/* No server is told two things under one id, and none more than there is room for. */
static void test_ids_are_unique(void **state)
{
    (void)state;
    for (int family = FORMAT_MYSQL; family <= FORMAT_MARIADB; family++) {
        for (size_t v = 0; v < sizeof versions / sizeof *versions; v++) {
            size_t applicable = 0;

            for (size_t table = 0; check_tables[table]; table++) {
                for (const struct check *check = check_tables[table]; check->id; check++) {
                    if (!check_applies(check, (enum format_family)family, versions[v]))
                        continue;
                    applicable++;
                    assert_int_equal(count_id(check->id, (enum format_family)family, versions[v]),
                                     1);
                }
            }
            assert_in_range(applicable, 20, FINDINGS_MAX);
        }
    }
}

static void test_where_a_check_applies(void **state)
{
    const struct check check = {.families = OF_MYSQL, .since = 50700, .before = 80400};

    (void)state;
    assert_true(check_applies(&check, FORMAT_MYSQL, 50700));
    assert_true(check_applies(&check, FORMAT_MYSQL, 80399));
    assert_false(check_applies(&check, FORMAT_MYSQL, 50699));
    assert_false(check_applies(&check, FORMAT_MYSQL, 80400));
    assert_false(check_applies(&check, FORMAT_MARIADB, 50700));
}

static void test_good_values(void **state)
{
    (void)state;
    assert_true(check_value_is_good(span_str("ROW"), "ROW"));
    assert_true(check_value_is_good(span_str("full_nodup"), "FULL,FULL_NODUP"));
    assert_false(check_value_is_good(span_str("FUL"), "FULL,FULL_NODUP"));
    assert_false(check_value_is_good(span_str("FULL,FULL_NODUP"), "FULL,FULL_NODUP"));
    assert_false(check_value_is_good(span_str(""), "ROW"));
    assert_true(check_value_is_good(span_str(""), ""));
    assert_false(check_value_is_good(span_str("PARTIAL_JSON"), ""));
}

static void test_a_variable(void **state)
{
    const struct check check = {.id = "x.y",
                                .severity = SEVERITY_WARN,
                                .variable = "sync_binlog",
                                .good = "1",
                                .expected = "1"};
    struct subject subject = {.findings = findings_new(), .variables = variables_new()};
    struct finding *finding = findings_add(subject.findings, &check);
    struct err err;

    (void)state;
    check_variable(&check, &subject, finding);
    assert_int_equal(finding->severity, SEVERITY_UNKNOWN);
    assert_contains(finding->found, "no variable sync_binlog");
    assert_true(variables_set(subject.variables, span_str("sync_binlog"), span_str("0"), &err));
    check_variable(&check, &subject, finding);
    assert_int_equal(finding->severity, SEVERITY_WARN);
    assert_string_equal(finding->found, "sync_binlog = 0");
    assert_true(variables_set(subject.variables, span_str("sync_binlog"), span_str("1"), &err));
    check_variable(&check, &subject, finding);
    assert_int_equal(finding->severity, SEVERITY_OK);
    assert_int_equal(findings_count(subject.findings, SEVERITY_OK), 1);
    findings_free(subject.findings);
    variables_free(subject.variables);
}

static void test_one_query_for_all_checks_of_a_source(void **state)
{
    const struct check first = {
        .families = OF_BOTH, .source = SOURCE_TABLES, .predicate = "A", .detail = "ENGINE"};
    const struct check other = {.families = OF_BOTH, .source = SOURCE_VIEWS, .predicate = "B"};
    const struct check late = {
        .families = OF_BOTH, .since = 80000, .source = SOURCE_TABLES, .predicate = "C"};
    const struct check *const checks[] = {&first, &other, &late};
    struct buf sql;

    (void)state;
    buf_init(&sql, 4096);
    assert_int_equal(object_scan_write_query(SOURCE_EVENTS, checks, 3, FORMAT_MYSQL, 90700, &sql),
                     0);
    assert_int_equal(sql.len, 0);
    assert_int_equal(object_scan_write_query(SOURCE_TABLES, checks, 3, FORMAT_MYSQL, 50624, &sql),
                     1);
    assert_null(strstr(buf_borrow_cstr(&sql), "IF(C"));
    buf_clear(&sql);
    assert_int_equal(object_scan_write_query(SOURCE_TABLES, checks, 3, FORMAT_MYSQL, 90700, &sql),
                     2);
    assert_contains(buf_borrow_cstr(&sql),
                    "SELECT TABLE_SCHEMA, TABLE_NAME, IF(A, COALESCE(ENGINE, ''), NULL), IF(C, "
                    "COALESCE('', ''), NULL) FROM information_schema.TABLES WHERE TABLE_SCHEMA NOT "
                    "IN (");
    assert_contains(buf_borrow_cstr(&sql), "((A) OR (C)) LIMIT 20001");
    buf_done(&sql);
}

static void test_objects(void **state)
{
    const struct check check = {.id = "x.y"};
    struct findings *findings = findings_new();
    struct finding *finding = findings_add(findings, &check);

    (void)state;
    findings_reserve(findings, finding, FINDINGS_OBJECTS + 1);
    findings_add_object(findings, finding, span_str("b"), span_str("t"), span_str(""));
    findings_add_object(findings, finding, span_str("a"), span_str("u"), span_str("x"));
    findings_add_object(findings, finding, span_str("a"), span_str("t"), span_str("y"));
    finding_sort(finding);
    assert_string_equal(finding->objects[0].name, "t");
    assert_string_equal(finding->objects[0].detail, "y");
    assert_string_equal(finding->objects[1].name, "u");
    assert_string_equal(finding->objects[2].database, "b");
    for (size_t i = 3; i <= FINDINGS_OBJECTS; i++)
        findings_add_object(findings, finding, span_str("c"), span_str("t"), span_str(""));
    assert_int_equal(finding->count, FINDINGS_OBJECTS);
    assert_true(finding->at_least);
    findings_free(findings);
    findings_free(NULL);
}

static void test_support(void **state)
{
    (void)state;
    assert_string_equal(support_end(FORMAT_MYSQL, 50624), "2021-02-28");
    assert_string_equal(support_end(FORMAT_MARIADB, 101119), "2028-02-16");
    assert_null(support_end(FORMAT_MYSQL, 101119));
    assert_null(support_end(FORMAT_MYSQL, 90704));
    assert_true(support_is_tested(FORMAT_MYSQL, 90704));
    assert_false(support_is_tested(FORMAT_MYSQL, 80036));
    assert_false(support_is_tested(FORMAT_MARIADB, 120301));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_ids_are_unique),
        cmocka_unit_test(test_where_a_check_applies),
        cmocka_unit_test(test_good_values),
        cmocka_unit_test(test_a_variable),
        cmocka_unit_test(test_one_query_for_all_checks_of_a_source),
        cmocka_unit_test(test_objects),
        cmocka_unit_test(test_support),
    };

    return cmocka_run_group_tests_name("check_tables", tests, NULL, NULL);
}
