/*
 * The daemon's log: one line an event, on standard error:
 *
 *     2026-11-21T01:02:03.456789Z info  cluster/main engine started pid=123 version=10.11.19
 *
 * `subject` names the object that the line is about; the text goes on with key=value fields. Only
 * the layer that decides logs; lower layers return errors. Passwords, keys and row data never
 * reach a log. Any thread may call; a line is written with one system call, so lines never mix.
 * Control bytes in the text (which may quote a server's message) are written as '?'.
 */
#pragma once

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

void log_set_level(enum log_level least);
void log_event(enum log_level level, const char *subject, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#define log_debug(subject, ...) log_event(LOG_DEBUG, subject, __VA_ARGS__)
#define log_info(subject, ...)  log_event(LOG_INFO, subject, __VA_ARGS__)
#define log_warn(subject, ...)  log_event(LOG_WARN, subject, __VA_ARGS__)
#define log_error(subject, ...) log_event(LOG_ERROR, subject, __VA_ARGS__)
