#include "replication/dump_feed.h"

#include "binlog/gtid_mariadb.h"

bool dump_feed_open(struct dump_feed *feed, struct mirror *mirror, const struct log_position *from,
                    const struct translator_options *options, bool whole, size_t read_buffer,
                    struct err *err)
{
    feed->mirror = mirror;
    if (options)
        return view_reader_open(mirror, options, from, read_buffer, &feed->view, err);
    if (!log_reader_open(mirror, from, read_buffer, &feed->log, err))
        return false;
    if (whole)
        log_reader_set_whole(feed->log);
    return true;
}

void dump_feed_close(struct dump_feed *feed)
{
    log_reader_close(feed->log);
    view_reader_close(feed->view);
}

void dump_feed_limit(struct dump_feed *feed, const struct dump_limits *limits)
{
    feed->limits = limits;
    if (feed->view && limits)
        view_reader_limit(feed->view, limits);
}

bool dump_feed_verdict(const struct dump_feed *feed, const struct log_position *at,
                       const struct event_header *header, struct span body,
                       enum view_verdict *ret_verdict, struct err *err)
{
    struct gtid_mariadb_event gtid;

    if (feed->view) {
        *ret_verdict = view_reader_verdict(feed->view, at->offset);
        return true;
    }
    if (!gtid_mariadb_decode(body, &gtid, err))
        return false;
    *ret_verdict = VIEW_GIVE;
    if (dump_limits_reached_place(feed->limits, at))
        *ret_verdict = VIEW_STOP;
    else if (dump_limits_have(feed->limits,
                              (struct gtid_mariadb){gtid.sequence, gtid.domain, header->server_id}))
        *ret_verdict = VIEW_LEAVE_OUT;
    return true;
}

bool dump_feed_is_stop(const struct dump_feed *feed, const struct log_position *at)
{
    if (!feed->limits || at->name[0] == '\0')
        return false;
    return feed->view ? view_reader_is_stop(feed->view)
                      : dump_limits_reached_place(feed->limits, at);
}

bool dump_feed_next(struct dump_feed *feed, struct log_batch *ret_batch, struct err *err)
{
    return feed->view ? view_reader_next(feed->view, ret_batch, err)
                      : log_reader_next(feed->log, ret_batch, err);
}

void dump_feed_set_unwalked(struct dump_feed *feed)
{
    if (feed->log)
        log_reader_set_unwalked(feed->log);
}

bool dump_feed_walk(struct dump_feed *feed, size_t taken, struct log_batch *batch, struct err *err)
{
    struct cursor cur = cursor_of(batch->events);

    if (feed->log)
        return log_reader_walk(feed->log, taken, batch, err);
    cursor_skip(&cur, taken);
    batch->offset += taken;
    batch->events = cur.rest;
    return true;
}

bool dump_feed_wait(struct dump_feed *feed, int64_t deadline_usec, int interrupt_fd,
                    enum log_wait *ret, struct err *err)
{
    return feed->view ? view_reader_wait(feed->view, deadline_usec, interrupt_fd, ret, err)
                      : log_reader_wait(feed->log, deadline_usec, interrupt_fd, ret, err);
}

bool dump_feed_arm_closed(struct dump_feed *feed)
{
    return feed->view ? view_reader_arm_closed(feed->view) : log_reader_arm_closed(feed->log);
}

bool dump_feed_at_end(const struct dump_feed *feed)
{
    return feed->view ? view_reader_at_end(feed->view) : log_reader_at_end(feed->log);
}

int dump_feed_fd(const struct dump_feed *feed)
{
    return feed->view ? view_reader_fd(feed->view) : log_reader_fd(feed->log);
}

void dump_feed_set_buffer(struct dump_feed *feed, size_t read_buffer)
{
    if (feed->view)
        view_reader_set_buffer(feed->view, read_buffer);
    else
        log_reader_set_buffer(feed->log, read_buffer);
}

/* A view has whole transactions only: when all was given, it ends with one. */
uint64_t dump_feed_whole_end(const struct dump_feed *feed, const char *name, uint64_t given)
{
    struct log_ends ends;

    if (feed->view)
        return view_reader_at_end(feed->view) ? given : 0;
    mirror_ends(feed->mirror, &ends);
    return strcmp(ends.whole.name, name) == 0 ? ends.whole.offset : 0;
}

void dump_feed_place(const struct dump_feed *feed, const struct log_position *at,
                     struct log_position *ret_place)
{
    *ret_place = *at;
    if (feed->view)
        view_reader_place(feed->view, ret_place);
}
