#include "binlog/variable.h"

#include "binlog/decimal.h"
#include "binlog/number.h"

bool intvar_decode(struct span body, struct intvar *ret, struct err *err)
{
    struct cursor cur = cursor_of(body);
    struct intvar intvar;

    intvar.kind = cursor_u8(&cur);
    intvar.value = cursor_u64(&cur);
    if (!event_body_end(&cur, EVENT_INTVAR, body, err))
        return false;
    if (intvar.kind != INTVAR_LAST_INSERT_ID && intvar.kind != INTVAR_INSERT_ID)
        return err_set(err, E_PROTO, 0, "Intvar event: kind %u, expected 1 or 2", intvar.kind);
    *ret = intvar;
    return true;
}

void intvar_encode(struct buf *buf, const struct intvar *intvar)
{
    buf_u8(buf, intvar->kind);
    buf_u64(buf, intvar->value);
}

bool rand_seeds_decode(struct span body, struct rand_seeds *ret, struct err *err)
{
    struct cursor cur = cursor_of(body);
    struct rand_seeds seeds;

    seeds.seed1 = cursor_u64(&cur);
    seeds.seed2 = cursor_u64(&cur);
    if (!event_body_end(&cur, EVENT_RAND, body, err))
        return false;
    *ret = seeds;
    return true;
}

void rand_seeds_encode(struct buf *buf, const struct rand_seeds *seeds)
{
    buf_u64(buf, seeds->seed1);
    buf_u64(buf, seeds->seed2);
}

bool user_var_decode(struct span body, struct user_var *ret, struct err *err)
{
    struct cursor cur = cursor_of(body);
    struct user_var var = {0};
    uint8_t null;

    var.name = cursor_bytes(&cur, cursor_u32(&cur));
    null = cursor_u8(&cur);
    if (null > 1)
        return err_set(err, E_PROTO, 0, "User var event: NULL byte %u, expected 0 or 1", null);
    var.is_null = null;
    if (!var.is_null) {
        var.type = cursor_u8(&cur);
        var.collation = cursor_u32(&cur);
        var.value = cursor_bytes(&cur, cursor_u32(&cur));
        var.has_flags = cursor_left(&cur) > 0;
        if (var.has_flags)
            var.flags = cursor_u8(&cur);
    }
    if (!event_body_end(&cur, EVENT_USER_VAR, body, err))
        return false;
    if (var.type > USER_VAR_DECIMAL)
        return err_set(err, E_PROTO, 0, "User var event: type %u, expected 0 to %d", var.type,
                       USER_VAR_DECIMAL);
    if ((var.type == USER_VAR_REAL || var.type == USER_VAR_INT) && var.value.len != 8)
        return err_set(err, E_PROTO, 0, "User var event: number of %zu bytes, expected 8",
                       var.value.len);
    *ret = var;
    return true;
}

void user_var_encode(struct buf *buf, const struct user_var *var)
{
    buf_u32(buf, (uint32_t)var->name.len);
    buf_bytes(buf, var->name);
    buf_u8(buf, var->is_null);
    if (var->is_null)
        return;
    buf_u8(buf, var->type);
    buf_u32(buf, var->collation);
    buf_u32(buf, (uint32_t)var->value.len);
    buf_bytes(buf, var->value);
    if (var->has_flags)
        buf_u8(buf, var->flags);
}

/* With an exponent: a literal without one is a decimal. */
static void write_real(struct buf *buf, uint64_t bits)
{
    size_t start = buf->len;
    double value;

    memcpy(&value, &bits, sizeof value);
    number_write_double(buf, value);
    if (buf_ok(buf) && !memchr(buf->data + start, 'e', buf->len - start))
        buf_str(buf, "e0");
}

/* With a point: a literal without one is an integer. */
static bool write_decimal(struct buf *buf, struct cursor *cur, struct err *err)
{
    uint8_t precision = cursor_u8(cur);
    uint8_t scale = cursor_u8(cur);

    if (precision < scale || precision > DECIMAL_DIGITS_MAX)
        return err_set(err, E_PROTO, 0, "User var event: DECIMAL(%u,%u)", precision, scale);
    if (!decimal_write_text(buf, cursor_rest(cur), precision, scale, err))
        return err_prefix(err, "User var event");
    if (scale == 0)
        buf_u8(buf, '.');
    return true;
}

bool user_var_write_number(struct buf *buf, const struct user_var *var, struct err *err)
{
    struct cursor cur = cursor_of(var->value);

    if (var->is_null) {
        buf_str(buf, "NULL");
        return true;
    }
    switch ((enum user_var_type)var->type) {
    case USER_VAR_INT:
        if (var->flags & USER_VAR_FLAG_UNSIGNED)
            number_write_u64(buf, cursor_u64(&cur));
        else
            number_write_i64(buf, (int64_t)cursor_u64(&cur));
        return true;
    case USER_VAR_REAL:
        write_real(buf, cursor_u64(&cur));
        return true;
    case USER_VAR_DECIMAL:
        return write_decimal(buf, &cur, err);
    case USER_VAR_STRING:
    case USER_VAR_ROW:
        break;
    }
    return err_set(err, E_STATE, 0, "User var event: a value of type %u has no literal", var->type);
}
