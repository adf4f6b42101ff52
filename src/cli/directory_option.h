/*
 * The --dir option that every verb has, and where a Borealis directory is when it is not given.
 */
#pragma once

#define DIR_OPTION                                                                                 \
    {                                                                                              \
        "dir", "DIR",                                                                              \
            "The directory that holds the cluster; else $BOREALIS_DIR, else "                      \
            "$XDG_DATA_HOME/borealis, else ~/.local/share/borealis."                               \
    }

#define RELAY_DIR_OPTION                                                                           \
    {                                                                                              \
        "dir", "DIR", "The directory that holds the relay; else $BOREALIS_DIR."                    \
    }

/* A new string (mem_free): the option's value, or the default. */
char *directory_option(const char *value);
