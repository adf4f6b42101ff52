#include "base/secret_file.h"

#include "base/file.h"
#include "base/mem.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool secret_file_check(const char *path, struct err *err)
{
    struct stat info;

    if (stat(path, &info) != 0)
        return err_errno(err, "%s: cannot look at it", path);
    if (!S_ISREG(info.st_mode))
        return true;
    if ((info.st_mode & (S_IRWXO | S_IWGRP)) != 0)
        return err_set(err, E_USAGE, 0,
                       "%s: expected a file that others can not read and only its owner can write "
                       "(mode 0600 or 0640), found mode %04o: what is in it may not be secret; "
                       "chmod 600 it",
                       path, (unsigned)(info.st_mode & 07777));
    if (info.st_uid != geteuid() && info.st_uid != 0)
        return err_set(err, E_USAGE, 0,
                       "%s: expected a file of this user (uid %u) or of root, found one of uid %u",
                       path, (unsigned)geteuid(), (unsigned)info.st_uid);
    return true;
}

bool secret_file_read(const char *path, size_t max, char **ret_content, struct err *err)
{
    return secret_file_check(path, err) && file_read(path, max, ret_content, err);
}

void secret_free(char *secret)
{
    if (secret)
        explicit_bzero(secret, strlen(secret));
    mem_free(secret);
}
