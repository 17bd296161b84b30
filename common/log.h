/* log.h -- levelled key=value lines on standard error; the only global state here.
 *
 *   ts=2026-05-04T03:02:01.123Z level=warn mod=sched run=ab12 msg="..."
 *
 * error: a run or a command is lost; warn: recovered; info: a person would want
 * it in the morning; debug: off unless asked.  Kernels, layers, forms and
 * common/ do not log.  Metrics are not logs.
 */
#ifndef COMMON_LOG_H
#define COMMON_LOG_H

typedef enum LogLevel { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG } LogLevel;

/* Lines above `level` are dropped (default LOG_WARN). */
void log_set_level(LogLevel level);

void log_line(LogLevel level, const char *module, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
