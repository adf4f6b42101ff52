#include "cli/password.h"

#include "base/mem.h"

#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define CTRL_C '\x03'

/*
 * The terminal gives single bytes and no signals meanwhile: ^C ends the line by itself here, so
 * that no way out leaves the terminal without its echo.
 */
static bool read_line(char *line, size_t size)
{
    size_t len = 0;
    int byte;

    while ((byte = fgetc(stdin)) != EOF && byte != CTRL_C && byte != '\n' && byte != '\r') {
        if ((byte == '\x7f' || byte == '\b') && len > 0)
            len--;
        else if (byte != '\x7f' && byte != '\b' && len + 1 < size)
            line[len++] = (char)byte;
    }
    line[len] = '\0';
    return byte == '\n' || byte == '\r';
}

bool password_ask(const char *prompt, char **ret_password, struct err *err)
{
    char line[PASSWORD_MAX];
    struct termios before;
    struct termios silent;
    bool whole;

    if (tcgetattr(STDIN_FILENO, &before) != 0)
        return err_set(err, E_STATE, 0, "standard input is no terminal");
    silent = before;
    silent.c_lflag &= ~(tcflag_t)(ECHO | ISIG | ICANON);
    /* Before the prompt: what is typed at its sight must be neither shown nor dropped. */
    if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) != 0)
        return err_errno(err, "standard input");
    (void)fputs(prompt, stderr);
    (void)fflush(stderr);
    whole = read_line(line, sizeof line);
    (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
    (void)fputc('\n', stderr);
    if (whole)
        *ret_password = mem_strdup(line);
    explicit_bzero(line, sizeof line);
    return whole || err_set(err, E_USAGE, 0, "no password was typed");
}
