#include "cluster/source_definition.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/random.h"
#include "base/secret_file.h"
#include "base/span.h"
#include "replication/server_identity.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX (4u << 20) /* bytes: two sets of GTIDs are in it */

void source_definition_free(struct source_definition *definition)
{
    if (!definition)
        return;
    mem_free(definition->host);
    mem_free(definition->user);
    secret_free(definition->password);
    mem_free(definition->gtids);
    mem_free(definition->gtids_of_mariadb);
    mem_free(definition->skipped);
    mem_free(definition->until_gtids);
    explicit_bzero(definition->door_password, sizeof definition->door_password);
    mem_free(definition);
}

static bool fail_argument(const char *name, const char *expected, struct err *err)
{
    return err_set(err, E_USAGE, 0, "%s: expected %s", name, expected);
}

/* A text that may be missing: then it is empty. */
static char *take_optional(json_t *root, const char *key)
{
    const char *text = json_string_value(json_object_get(root, key));

    return mem_strdup(text ? text : "");
}

static bool take_login(json_t *root, struct source_definition *definition, struct err *err)
{
    const char *host = json_string_value(json_object_get(root, "host"));
    const char *user = json_string_value(json_object_get(root, "user"));
    const char *password = json_string_value(json_object_get(root, "password"));
    json_int_t port = json_integer_value(json_object_get(root, "port"));

    if (!host || !*host)
        return fail_argument("host_name", "a text that is not empty", err);
    if (port < 1 || port > UINT16_MAX)
        return fail_argument("host_port", "1 to 65535", err);
    if (!user || !*user)
        return fail_argument("replication_user_name", "a text that is not empty", err);
    if (!password)
        return fail_argument("replication_user_password", "a text", err);
    definition->host = mem_strdup(host);
    definition->port = (uint16_t)port;
    definition->user = mem_strdup(user);
    definition->password = mem_strdup(password);
    return true;
}

static void put_position(struct log_position *position, const char *file, json_int_t offset)
{
    position->offset = (uint64_t)offset;
    memcpy(position->name, file, strlen(file) + 1);
}

/* Where it begins: at a position, or behind GTIDs. */
static bool take_begin(json_t *root, struct source_definition *definition, struct err *err)
{
    const char *file = json_string_value(json_object_get(root, "file"));
    json_int_t position = json_integer_value(json_object_get(root, "position"));

    definition->gtids = take_optional(root, "gtids");
    definition->gtids_of_mariadb = take_optional(root, "gtids_of_mariadb");
    if (json_is_string(json_object_get(root, "gtids")))
        return true;
    if (!file || !*file || strlen(file) > LOG_NAME_MAX)
        return fail_argument("mysql_binary_log_file_name", "a name of 1 to 250 bytes", err);
    if (position < LOG_FIRST_OFFSET)
        return fail_argument("mysql_binary_log_file_location", "4 or more", err);
    put_position(&definition->position, file, position);
    return true;
}

/* What both the procedure's words and the file have. */
static bool take_source(json_t *root, struct source_definition *definition, struct err *err)
{
    const json_t *ssl = json_object_get(root, "ssl");

    if (!take_login(root, definition, err) || !take_begin(root, definition, err))
        return false;
    if (!json_is_integer(ssl) || (json_integer_value(ssl) != 0 && json_integer_value(ssl) != 1))
        return fail_argument("ssl_encryption", "0 or 1", err);
    definition->encrypted = json_integer_value(ssl) == 1;
    return true;
}

bool source_definition_is_auto(const struct source_definition *definition)
{
    return definition->position.name[0] == '\0';
}

void source_definition_put(char **text, const char *value)
{
    char *copy = mem_strdup(value);

    mem_free(*text);
    *text = copy;
}

static void choose_rest(struct source_definition *definition, uint32_t taken_domain,
                        uint32_t taken_server_id)
{
    definition->domain = server_number_choose(taken_domain);
    definition->counted = true;
    definition->server_id = server_number_choose(taken_server_id);
    server_uuid_choose(definition->server_uuid);
    random_password(definition->id, SOURCE_ID_LEN);
    random_password(definition->door_password, SOURCE_DOOR_SECRET);
}

bool source_definition_parse(const char *asked, uint32_t taken_domain, uint32_t taken_server_id,
                             struct source_definition **ret_definition, struct err *err)
{
    struct source_definition *definition = mem_alloc(sizeof *definition);
    json_t *root = asked ? json_loads(asked, JSON_REJECT_DUPLICATES, NULL) : NULL;
    bool good = json_is_object(root) ||
                err_set(err, E_USAGE, 0, "expected an object that says what the source is");

    good = good && take_source(root, definition, err);
    json_decref(root);
    if (!good) {
        source_definition_free(definition);
        return false;
    }
    definition->skipped = mem_strdup("");
    definition->until_gtids = mem_strdup("");
    definition->set_at = clock_wall_usec() / USEC_PER_SEC;
    choose_rest(definition, taken_domain, taken_server_id);
    *ret_definition = definition;
    return true;
}

struct source_definition *source_definition_renew(const struct source_definition *definition,
                                                  uint32_t taken_domain, uint32_t taken_server_id,
                                                  const struct log_position *position,
                                                  const char *gtids, const char *gtids_of_mariadb)
{
    struct source_definition *renewed = mem_alloc(sizeof *renewed);

    renewed->host = mem_strdup(definition->host);
    renewed->port = definition->port;
    renewed->user = mem_strdup(definition->user);
    renewed->password = mem_strdup(definition->password);
    renewed->encrypted = definition->encrypted;
    renewed->set_at = definition->set_at;
    if (position)
        renewed->position = *position;
    renewed->gtids = mem_strdup(gtids);
    renewed->gtids_of_mariadb = mem_strdup(gtids_of_mariadb);
    renewed->skipped = mem_strdup(definition->skipped);
    renewed->until_gtids = mem_strdup("");
    choose_rest(renewed, taken_domain, taken_server_id);
    return renewed;
}

static bool take_text(json_t *root, const char *key, char *into, size_t len)
{
    const char *text = json_string_value(json_object_get(root, key));

    if (!text || strlen(text) != len)
        return false;
    memcpy(into, text, len + 1);
    return true;
}

static bool take_number(json_t *root, const char *key, json_int_t most, json_int_t *ret_number)
{
    json_t *value = json_object_get(root, key);

    *ret_number = json_integer_value(value);
    return json_is_integer(value) && *ret_number >= 0 && *ret_number <= most;
}

/* What replication was told besides; a file of an earlier version has nothing of it. */
static bool take_limits(json_t *root, struct source_definition *definition)
{
    char *until = take_optional(root, "until_file");
    json_int_t offset = json_integer_value(json_object_get(root, "until_position"));
    bool good = strlen(until) <= LOG_NAME_MAX && offset >= 0;

    if (good)
        put_position(&definition->until, until, offset);
    mem_free(until);
    definition->skipped = take_optional(root, "skipped");
    definition->until_gtids = take_optional(root, "until_gtids");
    definition->until_reached = json_is_true(json_object_get(root, "until_reached"));
    return good;
}

static bool take_ways(json_t *root, struct source_definition *definition)
{
    json_int_t domain;
    json_int_t server_id;
    json_int_t door_port;
    json_int_t set_at;

    if (!take_text(root, "id", definition->id, SOURCE_ID_LEN) ||
        !take_text(root, "server_uuid", definition->server_uuid, GTID_UUID_TEXT) ||
        !take_text(root, "door_password", definition->door_password, SOURCE_DOOR_SECRET) ||
        !take_number(root, "domain", UINT32_MAX, &domain) ||
        !take_number(root, "server_id", UINT32_MAX, &server_id) ||
        !take_number(root, "door_port", UINT16_MAX, &door_port))
        return false;
    /* One that was set before this was kept counts from now. */
    if (!json_object_get(root, "set_at"))
        set_at = clock_wall_usec() / USEC_PER_SEC;
    else if (!take_number(root, "set_at", UINT32_MAX, &set_at))
        return false;
    definition->set_at = set_at;
    definition->domain = (uint32_t)domain;
    definition->counted = json_is_true(json_object_get(root, "counted"));
    definition->server_id = (uint32_t)server_id;
    definition->door_port = (uint16_t)door_port;
    return true;
}

bool source_definition_load(const char *path, struct source_definition **ret_definition,
                            struct err *err)
{
    struct source_definition *definition;
    char *text = NULL;
    json_t *root;
    bool good;

    if (!path_exists(path)) {
        *ret_definition = NULL;
        return true;
    }
    if (!secret_file_read(path, FILE_MAX, &text, err))
        return false;
    definition = mem_alloc(sizeof *definition);
    root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    good = json_is_object(root) && take_source(root, definition, err) &&
           take_limits(root, definition) && take_ways(root, definition);
    json_decref(root);
    secret_free(text);
    if (!good) {
        source_definition_free(definition);
        return err_set(err, E_PROTO, 0, "%s: expected the definition of a source, found other data",
                       path);
    }
    *ret_definition = definition;
    return true;
}

static json_t *pack(const struct source_definition *definition)
{
    const struct log_position *from = &definition->position;
    json_t *root = json_pack(
        "{s:s, s:s, s:i, s:s, s:s, s:i, s:I, s:b, s:I, s:I, s:s, s:i, s:s, s:s, s:s, s:I, s:s, "
        "s:b}",
        "id", definition->id, "host", definition->host, "port", (int)definition->port, "user",
        definition->user, "password", definition->password, "ssl", (int)definition->encrypted,
        "domain", (json_int_t)definition->domain, "counted", (int)definition->counted, "set_at",
        (json_int_t)definition->set_at, "server_id", (json_int_t)definition->server_id,
        "server_uuid", definition->server_uuid, "door_port", (int)definition->door_port,
        "door_password", definition->door_password, "skipped", definition->skipped, "until_file",
        definition->until.name, "until_position", (json_int_t)definition->until.offset,
        "until_gtids", definition->until_gtids, "until_reached", (int)definition->until_reached);
    json_t *begin =
        source_definition_is_auto(definition)
            ? json_pack("{s:s, s:s}", "gtids", definition->gtids, "gtids_of_mariadb",
                        definition->gtids_of_mariadb)
            : json_pack("{s:s, s:I}", "file", from->name, "position", (json_int_t)from->offset);

    if (!root || !begin || json_object_update(root, begin) != 0) {
        json_decref(root);
        root = NULL;
    }
    json_decref(begin);
    return root;
}

bool source_definition_save(const char *path, const struct source_definition *definition,
                            struct err *err)
{
    json_t *root = pack(definition);
    char *text = root ? json_dumps(root, JSON_INDENT(2)) : NULL;
    bool good = text ? file_write(path, span_str(text), 0600, err)
                     : err_set(err, E_USAGE, 0, "the source's texts: expected UTF-8");

    json_decref(root);
    if (text)
        explicit_bzero(text, strlen(text));
    free(text);
    return good;
}
