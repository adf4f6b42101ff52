#include "replication/status_columns.h"

#include <stdio.h>

#define TEXT(name)                                                                                 \
    {                                                                                              \
        name, NULL, RESULT_VARCHAR, 0, ""                                                          \
    }
#define NUMBER(name, type)                                                                         \
    {                                                                                              \
        name, NULL, type, 0, "0"                                                                   \
    }

static const struct status_column source[] = {
    TEXT("Slave_IO_State"),
    TEXT("Master_Host"),
    TEXT("Master_User"),
    NUMBER("Master_Port", RESULT_LONG),
    NUMBER("Connect_Retry", RESULT_LONG),
    TEXT("Master_Log_File"),
    NUMBER("Read_Master_Log_Pos", RESULT_LONGLONG),
    TEXT("Relay_Log_File"),
    NUMBER("Relay_Log_Pos", RESULT_LONGLONG),
    TEXT("Relay_Master_Log_File"),
    TEXT("Slave_IO_Running"),
    TEXT("Slave_SQL_Running"),
    TEXT("Replicate_Do_DB"),
    TEXT("Replicate_Ignore_DB"),
    TEXT("Replicate_Do_Table"),
    TEXT("Replicate_Ignore_Table"),
    TEXT("Replicate_Wild_Do_Table"),
    TEXT("Replicate_Wild_Ignore_Table"),
    NUMBER("Last_Errno", RESULT_LONG),
    TEXT("Last_Error"),
    NUMBER("Skip_Counter", RESULT_LONG),
    NUMBER("Exec_Master_Log_Pos", RESULT_LONGLONG),
    NUMBER("Relay_Log_Space", RESULT_LONGLONG),
    TEXT("Until_Condition"),
    TEXT("Until_Log_File"),
    NUMBER("Until_Log_Pos", RESULT_LONGLONG),
    TEXT("Master_SSL_Allowed"),
    TEXT("Master_SSL_CA_File"),
    TEXT("Master_SSL_CA_Path"),
    TEXT("Master_SSL_Cert"),
    TEXT("Master_SSL_Cipher"),
    TEXT("Master_SSL_Key"),
    NUMBER("Seconds_Behind_Master", RESULT_LONGLONG),
    TEXT("Master_SSL_Verify_Server_Cert"),
    NUMBER("Last_IO_Errno", RESULT_LONG),
    TEXT("Last_IO_Error"),
    NUMBER("Last_SQL_Errno", RESULT_LONG),
    TEXT("Last_SQL_Error"),
    TEXT("Replicate_Ignore_Server_Ids"),
    NUMBER("Master_Server_Id", RESULT_LONG),
    TEXT("Master_UUID"),
    TEXT("Master_Info_File"),
    NUMBER("SQL_Delay", RESULT_LONG),
    NUMBER("SQL_Remaining_Delay", RESULT_LONG),
    TEXT("Slave_SQL_Running_State"),
    NUMBER("Master_Retry_Count", RESULT_LONGLONG),
    TEXT("Master_Bind"),
    TEXT("Last_IO_Error_Timestamp"),
    TEXT("Last_SQL_Error_Timestamp"),
    TEXT("Master_SSL_Crl"),
    TEXT("Master_SSL_Crlpath"),
    TEXT("Retrieved_Gtid_Set"),
    TEXT("Executed_Gtid_Set"),
    NUMBER("Auto_Position", RESULT_LONG),
    {"Replicate_Rewrite_DB", NULL, RESULT_VARCHAR, STATUS_MYSQL_5_7, ""},
    {"Channel_Name", NULL, RESULT_VARCHAR, STATUS_MYSQL_5_7, ""},
    {"Master_TLS_Version", NULL, RESULT_VARCHAR, STATUS_MYSQL_5_7, ""},
    {"Master_public_key_path", NULL, RESULT_VARCHAR, STATUS_MYSQL_8, ""},
    {"Get_master_public_key", "Get_Source_public_key", RESULT_LONG, STATUS_MYSQL_8, "0"},
    {"Network_Namespace", NULL, RESULT_VARCHAR, STATUS_MYSQL_8, ""},
};

static const struct status_column replicas[] = {
    {"Server_id", "Server_Id", RESULT_LONG, 0, "0"},
    TEXT("Host"),
    NUMBER("Port", RESULT_LONG),
    {"Master_id", "Source_Id", RESULT_LONG, 0, "0"},
    TEXT("Slave_UUID"),
};

static const struct status_column logs[] = {
    TEXT("Log_name"),
    NUMBER("File_size", RESULT_LONGLONG),
    {"Encrypted", NULL, RESULT_VARCHAR, STATUS_MYSQL_8, "No"},
};

#define COUNT_OF(list) (sizeof list / sizeof *list)

const struct status_column *status_columns(enum status_list list, size_t *ret_count)
{
    switch (list) {
    case STATUS_OF_SOURCE:
        *ret_count = COUNT_OF(source);
        return source;
    case STATUS_OF_REPLICAS:
        *ret_count = COUNT_OF(replicas);
        return replicas;
    case STATUS_OF_LOGS:
        break;
    }
    *ret_count = COUNT_OF(logs);
    return logs;
}

void status_column_rename(const struct status_column *column, char name[STATUS_NAME_MAX])
{
    static const char *const words[][2] = {{"Master", "Source"}, {"Slave", "Replica"}};
    const char *old = column->name;

    if (column->new_name) {
        (void)snprintf(name, STATUS_NAME_MAX, "%s", column->new_name);
        return;
    }
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        const char *at = strstr(old, words[i][0]);

        if (at) {
            (void)snprintf(name, STATUS_NAME_MAX, "%.*s%s%s", (int)(at - old), old, words[i][1],
                           at + strlen(words[i][0]));
            return;
        }
    }
    (void)snprintf(name, STATUS_NAME_MAX, "%s", old);
}
