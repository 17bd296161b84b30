#include "trainer/worker/control.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/suite.h"

static const struct {
    const char *line;
    size_t threads, n_cores; /* threads 0: passed over */
} lines[] = {
    {"{\"v\":1,\"command\":\"threads\",\"n\":2,\"cores\":\"0,2-3\"}", 2, 3},
    {"{\"v\":1,\"command\":\"threads\",\"n\":1}", 1, 0},
    {"{\"v\":1,\"command\":\"threads\",\"n\":1,\"colour\":\"red\"}", 1, 0},
    {"{\"v\":2,\"command\":\"threads\",\"n\":2}", 0, 0},
    {"{\"v\":1,\"command\":\"sing\",\"n\":2}", 0, 0},
    {"{\"v\":1,\"command\":\"threads\",\"n\":0}", 0, 0},
    {"{\"v\":1,\"command\":\"threads\",\"n\":\"2\"}", 0, 0},
    {"{\"v\":1,\"command\":\"threads\",\"n\":2,\"cores\":\"two\"}", 0, 0},
    {"{\"v\":1,\"command\":\"threads\",\"n\":2,\"cores\":\"\"}", 0, 0},
    {"{\"v\":1,\"command\":\"thr", 0, 0},
    {"", 0, 0},
};

START_TEST(commands_are_read_and_others_passed_over)
{
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        ControlShare s = {.threads = 99};
        bool is = control_parse(lines[i].line, strlen(lines[i].line), &s);
        ck_assert_msg(is == (lines[i].threads > 0), "%s", lines[i].line);
        ck_assert_uint_eq(s.threads, is ? lines[i].threads : 99);
        ck_assert_int_eq(is && s.has_cores, lines[i].n_cores > 0);
        ck_assert(!is || !s.has_cores || s.cores.n == lines[i].n_cores);
    }
}
END_TEST

static void say(int fd, const char *text)
{
    ck_assert_int_eq(send(fd, text, strlen(text), 0), (ssize_t)strlen(text));
}

START_TEST(the_last_whole_command_counts)
{
    int fd[2];
    Control c = CONTROL_INIT;
    ControlShare s;
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
    ck_assert(!control_poll(&c, fd[0], &s)); /* and does not wait */
    ck_assert(!control_poll(&c, -1, &s));
    say(fd[1], "{\"v\":1,\"command\":\"threads\",\"n\":2}\nrubbish\n{\"v\":1,\"command\":"
               "\"threads\",\"n\":3}\n{\"v\":1,\"comm");
    ck_assert(control_poll(&c, fd[0], &s));
    ck_assert_uint_eq(s.threads, 3);
    ck_assert(!control_poll(&c, fd[0], &s));
    say(fd[1], "and\":\"threads\",\"n\":4}\n");
    ck_assert(control_poll(&c, fd[0], &s));
    ck_assert_uint_eq(s.threads, 4);
    for (int i = 0; i < 1000; i++) { /* a line without an end is not kept */
        say(fd[1], "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
        ck_assert(!control_poll(&c, fd[0], &s));
    }
    say(fd[1], "\n{\"v\":1,\"command\":\"threads\",\"n\":5}\n");
    ck_assert(control_poll(&c, fd[0], &s));
    ck_assert_uint_eq(s.threads, 5);
    ck_assert_int_eq(close(fd[1]), 0);
    ck_assert(!control_poll(&c, fd[0], &s)); /* nobody there any more */
    ck_assert_int_eq(close(fd[0]), 0);
    control_release(&c);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "control"});
}
