#include "binlog/variable.h"

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
