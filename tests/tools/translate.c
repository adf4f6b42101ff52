/*
 * translate FROM TO DIALECT DOMAIN [ORIGIN...]: the view of a binlog file in another dialect, as a
 * file. ORIGINs are the files of MySQL, in their order, whose GTIDs those of the domain were.
 * With --keys FILE before them, the keys of the source's tables, see key_file.h.
 *
 * The state of GTIDs before the file is what its own head says. An error is told with the offset
 * and ends the program with status 1; what came before it is in the file.
 */
#include "key_file.h"
#include "resolver.h"

#include "base/file.h"
#include "base/mem.h"
#include "binlog/reader.h"
#include "translation/translator.h"

#include <stdio.h>
#include <stdlib.h>

#define FILE_MAX     ((size_t)1 << 31)
#define HISTORY_SIZE 25000 /* as the relay's */

struct work {
    struct translator_options options;
    struct translator *translator;
    struct reader reader;
    struct gtid_set executed;
    struct gtid_list list;
    struct span format;
    struct buf out;
    uint64_t begin; /* offset of the first event after the head */
    bool begun;
    bool has_set;
};

static bool begin(struct work *work, const char *path, uint64_t offset, struct err *err)
{
    static const uint8_t magic[READER_MAGIC_SIZE] = {0xfe, 'b', 'i', 'n'};
    const char *slash = strrchr(path, '/');
    struct translator_state state = {
        .executed = work->has_set ? &work->executed : NULL,
        .list = work->reader.format.family == FORMAT_MARIADB ? &work->list : NULL,
    };

    (void)offset;
    work->begun = true;
    buf_bytes(&work->out, span_of(magic, sizeof magic));
    return translator_file(work->translator, slash ? slash + 1 : path,
                           READER_MAGIC_SIZE + work->format.len, work->format, &state, &work->out,
                           err);
}

/* The head of the file says which GTIDs are before it; a file of MySQL 5.6 may have none. */
static bool take(struct work *work, const char *path, const struct reader_event *event,
                 struct err *err)
{
    uint8_t type = event->header.type;

    if (type == EVENT_FORMAT_DESCRIPTION && work->format.len == 0) {
        work->format = event->bytes;
        return true;
    }
    if (!work->begun) {
        if (type == EVENT_PREVIOUS_GTIDS) {
            work->has_set = true;
            if (!gtid_set_decode(event->body, &work->executed, err))
                return false;
        }
        if (type == EVENT_MARIADB_GTID_LIST && !gtid_list_decode(event->body, &work->list, err))
            return false;
        if (!begin(work, path, event->offset, err))
            return false;
    }
    return translator_take(work->translator, event->bytes, &work->out, err);
}

static bool run(struct work *work, const char *path, struct span bytes, struct err *err)
{
    struct reader_event event;

    reader_init(&work->reader);
    for (;;) {
        if (!reader_next(&work->reader, &bytes, &event, err))
            return false;
        if (event.bytes.len == 0)
            return true;
        if (!take(work, path, &event, err))
            return err_prefix(err, "offset %llu", (unsigned long long)event.offset);
    }
}

static bool read_whole(const char *path, struct span *ret_bytes)
{
    FILE *file = fopen(path, "rb");
    long size = -1;
    uint8_t *bytes;

    if (!file || fseek(file, 0, SEEK_END) != 0 || (size = ftell(file)) < 0)
        return false;
    bytes = mem_alloc((size_t)size + 1);
    rewind(file);
    if (fread(bytes, 1, (size_t)size, file) != (size_t)size)
        return false;
    *ret_bytes = span_of(bytes, (size_t)size);
    return fclose(file) == 0;
}

static bool write_whole(const char *path, struct span bytes)
{
    FILE *file = fopen(path, "wb");

    return file && fwrite(bytes.data, 1, bytes.len, file) == bytes.len && fclose(file) == 0;
}

/* The GTIDs of a file of the domain's first source. */
static bool add_origins(struct gtid_origins *origins, const char *path, struct err *err)
{
    struct reader reader;
    struct reader_event event;
    struct gtid_set executed;
    struct gtid gtid;
    struct span bytes;

    if (!read_whole(path, &bytes))
        return err_set(err, E_IO, 0, "%s: can not be read", path);
    gtid_set_init(&executed);
    reader_init(&reader);
    for (;;) {
        if (!reader_next(&reader, &bytes, &event, err))
            return false;
        if (event.bytes.len == 0)
            return true;
        if (event.header.type == EVENT_PREVIOUS_GTIDS &&
            (!gtid_set_decode(event.body, &executed, err) ||
             !gtid_origins_file(origins, &executed, err)))
            return false;
        if (event.header.type != EVENT_GTID && event.header.type != EVENT_GTID_TAGGED)
            continue;
        if (!gtid_decode(event.body, event.header.type, &gtid, err))
            return false;
        gtid_origins_add(origins, &gtid.uuid, gtid.tag, gtid.number, 1);
    }
}

int main(int argc, char **argv)
{
    struct gtid_origins *origins = gtid_origins_new();
    struct work work = {.options = {.server_id = 1}};
    struct key_file keys = {0};
    struct one_domain domain;
    struct span bytes;
    struct err err;
    bool good;

    if (argc > 2 && strcmp(argv[1], "--keys") == 0) {
        if (!key_file_read(&keys, argv[2], &err)) {
            (void)fprintf(stderr, "%s: %s\n", argv[2], err.text);
            return 1;
        }
        work.options.keys = (struct key_source){.at = key_file_at, .userdata = &keys};
        work.options.history_size = HISTORY_SIZE;
        argc -= 2;
        argv += 2;
    }
    if (argc < 5 || !read_whole(argv[1], &bytes)) {
        (void)fprintf(stderr, "usage: translate [--keys FILE] FROM TO mysql5|mysql8|mariadb DOMAIN "
                              "[ORIGIN...]\n");
        return 2;
    }
    for (int i = 0; i < DIALECTS; i++)
        if (strcmp(argv[3], dialect_name((enum dialect)i)) == 0)
            work.options.to = (enum dialect)i;
    work.options.domain = (uint32_t)strtoul(argv[4], NULL, 10);
    work.options.accounts = ACCOUNTS_REPLICATE;
    one_domain_init(&domain, origins, work.options.domain);
    work.options.resolver = argc > 5 ? &domain.resolver : NULL;
    for (int i = 5; i < argc; i++)
        if (!add_origins(origins, argv[i], &err)) {
            (void)fprintf(stderr, "%s: %s\n", argv[i], err.text);
            return 1;
        }
    work.translator = translator_new(&work.options);
    buf_init(&work.out, FILE_MAX);
    gtid_set_init(&work.executed);
    gtid_list_init(&work.list);
    good = run(&work, argv[1], bytes, &err);
    if (!good)
        (void)fprintf(stderr, "%s: %s\n", argv[1], err.text);
    if (!write_whole(argv[2], buf_span(&work.out)))
        good = false;
    return good ? 0 : 1;
}
