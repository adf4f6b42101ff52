#include "daemon/request_arguments.h"

#include <string.h>

#define SHOWN_MAX 64 /* bytes of a name that nobody knows */

static const char *type_name(enum argument_type type)
{
    switch (type) {
    case ARGUMENT_TEXT:
        return "a text";
    case ARGUMENT_NUMBER:
        return "a whole number";
    case ARGUMENT_FLAG:
        return "true or false";
    case ARGUMENT_LIST:
        return "an array";
    }
    return "something";
}

static const char *found_name(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "an array";
    case JSON_STRING:
        return "a text";
    case JSON_INTEGER:
        return "a whole number";
    case JSON_REAL:
        return "another number";
    case JSON_TRUE:
        return "true";
    case JSON_FALSE:
        return "false";
    case JSON_NULL:
        return "null";
    }
    return "something else";
}

static bool has_type(const json_t *value, enum argument_type type)
{
    switch (type) {
    case ARGUMENT_TEXT:
        return json_is_string(value);
    case ARGUMENT_NUMBER:
        return json_is_integer(value);
    case ARGUMENT_FLAG:
        return json_is_boolean(value);
    case ARGUMENT_LIST:
        return json_is_array(value);
    }
    return false;
}

static const struct request_argument *find(const struct request_argument *table, const char *name)
{
    while (table->name && strcmp(table->name, name) != 0)
        table++;
    return table->name ? table : NULL;
}

static bool check(const struct request_argument *table, json_t *arguments, struct err *err)
{
    const char *name;
    json_t *value;

    json_object_foreach(arguments, name, value)
    {
        const struct request_argument *argument = find(table, name);

        if (!argument)
            return err_set(err, E_USAGE, 0, "'%.*s': expected no such argument", SHOWN_MAX, name);
        if (!has_type(value, argument->type))
            return err_set(err, E_USAGE, 0, "%s: expected %s, found %s", name,
                           type_name(argument->type), found_name(value));
    }
    return true;
}

bool request_arguments_read(const char *text, const struct request_argument *table,
                            json_t **ret_arguments, struct err *err)
{
    json_error_t problem = {.position = 0};
    json_t *arguments = *text ? json_loads(text, JSON_REJECT_DUPLICATES, &problem) : json_object();
    bool ok = true;

    /* jansson's own text quotes what it found, which may be a password. */
    if (!arguments && json_error_code(&problem) == json_error_duplicate_key)
        ok = err_set(err, E_USAGE, 0, "expected each argument once, found one twice at byte %d",
                     problem.position);
    else if (!arguments)
        ok = err_set(err, E_USAGE, 0, "expected a JSON object, found none at byte %d",
                     problem.position);
    else if (!json_is_object(arguments))
        ok = err_set(err, E_USAGE, 0, "expected a JSON object, found %s", found_name(arguments));
    ok = ok && check(table, arguments, err);
    if (ok)
        *ret_arguments = arguments;
    else
        json_decref(arguments);
    return ok;
}
