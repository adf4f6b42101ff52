#include "check.h"

#include "base/file.h"
#include "base/mem.h"
#include "cluster/cluster_disk.h"

#include <stdlib.h>
#include <unistd.h>

static struct err err;

static void put(const char *dir, const char *name, const char *content)
{
    char *path = mem_printf("%s/%s", dir, name);

    assert_true(file_write(path, span_str(content), 0600, &err));
    mem_free(path);
}

static void test_binlogs_of_all_epochs_count(void **state)
{
    char instance[] = "/tmp/test_cluster_disk.XXXXXX";
    char *first;
    char *second;
    struct cluster_disk disk = {.binlog_files = 9};

    (void)state;
    assert_non_null(mkdtemp(instance));
    assert_false(cluster_disk_look(instance, &disk, &err));
    assert_int_equal(err.class, E_IO);
    assert_non_null(strstr(err.text, instance));
    assert_int_equal(disk.binlog_files, 9);
    first = mem_printf("%s/binlog/00000001", instance);
    second = mem_printf("%s/binlog/00000002", instance);
    assert_true(dir_make_all(first, 0700, &err));
    assert_true(cluster_disk_look(instance, &disk, &err));
    assert_int_equal(disk.binlog_files, 0);
    assert_true(disk.size_bytes >= disk.free_bytes && disk.size_bytes > 0);
    assert_true(dir_make(second, 0700, &err));
    put(first, "mysql-bin-changelog.000001", "abc");
    put(first, "mysql-bin-changelog.000002", "de");
    put(first, "mysql-bin-changelog.index", "not one");
    put(first, "mysql-bin-changelog.state", "not one");
    put(first, "mysql-bin-changelog.", "not one");
    put(first, "mysql-bin-changelog2000001", "not one");
    put(second, "mysql-bin-changelog.1000000", "f");
    assert_true(cluster_disk_look(instance, &disk, &err));
    assert_int_equal(disk.binlog_files, 3);
    assert_int_equal(disk.binlog_bytes, 6);
    mem_free(first);
    mem_free(second);
    assert_true(dir_remove(instance, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_binlogs_of_all_epochs_count),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
