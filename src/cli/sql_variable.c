#include "cli/sql_variable.h"

#include "binlog/charset.h"
#include "binlog/number.h"
#include "binlog/text.h"
#include "binlog/variable.h"
#include "cli/sql_text.h"

static bool write_intvar(struct buf *buf, struct span body, struct err *err)
{
    struct intvar intvar;

    if (!intvar_decode(body, &intvar, err))
        return false;
    buf_str(buf, intvar.kind == INTVAR_INSERT_ID ? "SET INSERT_ID=" : "SET LAST_INSERT_ID=");
    number_write_u64(buf, intvar.value);
    buf_str(buf, SQL_END);
    return true;
}

static bool write_rand(struct buf *buf, struct span body, struct err *err)
{
    struct rand_seeds seeds;

    if (!rand_seeds_decode(body, &seeds, err))
        return false;
    buf_printf(buf, "SET @@RAND_SEED1=%llu, @@RAND_SEED2=%llu" SQL_END,
               (unsigned long long)seeds.seed1, (unsigned long long)seeds.seed2);
    return true;
}

static void write_hex(struct buf *buf, const char *charset, struct span bytes)
{
    buf_u8(buf, '_');
    buf_str(buf, charset);
    buf_str(buf, " X'");
    text_write_hex(buf, bytes);
    buf_u8(buf, '\'');
}

/*
 * A literal has the collation of the connection, which SET takes by number; the log has no names of
 * collations. What we cannot write as a literal has its character set's first collation.
 */
static bool write_string(struct buf *buf, struct sql_session *session, const struct user_var *var,
                         struct span name, struct err *err)
{
    struct charset charset = charset_of_collation(var->collation);
    struct buf utf8;
    bool literal;

    if (!charset.name)
        return err_set(err, E_STATE, 0, "the variable's collation %u is not known", var->collation);
    buf_init(&utf8, buf->max);
    literal = var->collation <= UINT16_MAX &&
              charset_to_utf8(&utf8, var->value, charset.encoding) && buf_ok(&utf8);
    if (literal) {
        sql_session_for_literals(session, buf);
        sql_session_set_collation(session, buf, (uint16_t)var->collation);
    }
    buf_bytes(buf, name);
    if (literal)
        text_write_sql(buf, buf_span(&utf8));
    else
        write_hex(buf, charset.name, var->value);
    buf_done(&utf8);
    return true;
}

static bool write_user_var(struct buf *buf, struct sql_session *session, struct span body,
                           struct err *err)
{
    struct user_var var;
    struct buf name;
    bool done;

    if (!user_var_decode(body, &var, err))
        return false;
    if (ascii_prefix(var.name) < var.name.len)
        sql_session_for_utf8(session, buf);
    buf_init(&name, buf->max);
    buf_str(&name, "SET @");
    text_write_identifier(&name, var.name);
    buf_str(&name, ":=");
    if (!var.is_null && var.type == USER_VAR_STRING) {
        done = write_string(buf, session, &var, buf_span(&name), err);
    } else {
        buf_bytes(buf, buf_span(&name));
        done = user_var_write_number(buf, &var, err);
    }
    buf_str(buf, SQL_END);
    buf_done(&name);
    return done;
}

bool sql_variable_write(struct buf *buf, struct sql_session *session,
                        const struct plain_event *event, struct err *err)
{
    if (event->type == EVENT_INTVAR)
        return write_intvar(buf, event->body, err);
    if (event->type == EVENT_RAND)
        return write_rand(buf, event->body, err);
    return write_user_var(buf, session, event->body, err);
}
