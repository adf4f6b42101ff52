/*
 * Fuzz target: the values of the command line's options: GTIDs, times, names of tables. The first
 * byte chooses. What is taken must hold what it says; what is not must leave its output alone.
 */
#include "binlog/replicate_rules.h"
#include "binlog/table_filter.h"
#include "cli/datetime_text.h"
#include "cli/gtid_filter.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void try_gtids(struct span text)
{
    struct gtid_filter filter = {0};
    struct err err = {0};

    if (!gtid_filter_parse(&filter, text, &err))
        require(err.class == E_USAGE && filter.count == 0 && filter.set.count == 0);
    else
        require(filter.mariadb == (memchr(text.data, ':', text.len) == NULL));
    (void)gtid_filter_has_mariadb(&filter, (struct gtid_mariadb){1, 0, 1});
    gtid_filter_done(&filter);
}

static void try_time(struct span text)
{
    uint64_t seconds = UINT64_MAX;
    struct err err = {0};

    require(datetime_parse(text, &seconds, &err) == (seconds <= UINT32_MAX));
}

static void try_names(struct span text, bool tables)
{
    struct table_filter filter;
    struct err err = {0};
    bool good;

    table_filter_init(&filter);
    good = tables ? table_filter_add_tables(&filter, text, &err)
                  : table_filter_add_databases(&filter, text, &err);
    require(good == (filter.count > 0));
    if (good && !tables && !memchr(text.data, ',', text.len) && text.data[0] != '`')
        require(table_filter_has_table(&filter, text, span_str("t")));
    table_filter_done(&filter);
}

/* Of any bytes, patterns are taken or refused, and what is refused leaves no rule. */
static void try_rules(struct span text)
{
    struct replicate_rules *rules = replicate_rules_new();
    struct err err = {0};
    bool good = replicate_rules_add(rules, REPLICATE_WILD_DO_TABLE, text, &err);

    require(good != replicate_rules_pass_all(rules));
    (void)replicate_rules_pass_rows(rules, text, text);
    replicate_rules_free(rules);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span text = span_of(data + 1, size - 1);

    if (size < 2)
        return 0;
    if (data[0] == 'g')
        try_gtids(text);
    else if (data[0] == 't')
        try_time(text);
    else if (data[0] == 'w')
        try_rules(text);
    else
        try_names(text, data[0] == 'n');
    return 0;
}
