"""The columns of MySQL's statements about replication, by version; in its order.

Sources: MySQL 5.7 reference manual, 13.7.5.34 "SHOW SLAVE STATUS Statement" and 13.7.5.33 "SHOW SLAVE HOSTS
Statement"; MySQL 8.0 reference manual, 13.7.7.35 "SHOW REPLICA STATUS Statement" (with the old names under
13.7.7.36), 13.7.7.33 "SHOW REPLICAS Statement" and 13.7.7.1 "SHOW BINARY LOGS Statement".
test_shown_status.py compares them with servers.
"""

SLAVE_STATUS_57 = """
    Slave_IO_State Master_Host Master_User Master_Port Connect_Retry Master_Log_File Read_Master_Log_Pos
    Relay_Log_File Relay_Log_Pos Relay_Master_Log_File Slave_IO_Running Slave_SQL_Running Replicate_Do_DB
    Replicate_Ignore_DB Replicate_Do_Table Replicate_Ignore_Table Replicate_Wild_Do_Table
    Replicate_Wild_Ignore_Table Last_Errno Last_Error Skip_Counter Exec_Master_Log_Pos Relay_Log_Space
    Until_Condition Until_Log_File Until_Log_Pos Master_SSL_Allowed Master_SSL_CA_File Master_SSL_CA_Path
    Master_SSL_Cert Master_SSL_Cipher Master_SSL_Key Seconds_Behind_Master Master_SSL_Verify_Server_Cert
    Last_IO_Errno Last_IO_Error Last_SQL_Errno Last_SQL_Error Replicate_Ignore_Server_Ids Master_Server_Id
    Master_UUID Master_Info_File SQL_Delay SQL_Remaining_Delay Slave_SQL_Running_State Master_Retry_Count
    Master_Bind Last_IO_Error_Timestamp Last_SQL_Error_Timestamp Master_SSL_Crl Master_SSL_Crlpath
    Retrieved_Gtid_Set Executed_Gtid_Set Auto_Position Replicate_Rewrite_DB Channel_Name Master_TLS_Version
    """.split()

# 5.6 has neither channels nor what came with them.
SLAVE_STATUS_56 = SLAVE_STATUS_57[:-3]

SLAVE_STATUS_80 = SLAVE_STATUS_57 + ["Master_public_key_path", "Get_master_public_key", "Network_Namespace"]

REPLICA_STATUS_80 = """
    Replica_IO_State Source_Host Source_User Source_Port Connect_Retry Source_Log_File Read_Source_Log_Pos
    Relay_Log_File Relay_Log_Pos Relay_Source_Log_File Replica_IO_Running Replica_SQL_Running Replicate_Do_DB
    Replicate_Ignore_DB Replicate_Do_Table Replicate_Ignore_Table Replicate_Wild_Do_Table
    Replicate_Wild_Ignore_Table Last_Errno Last_Error Skip_Counter Exec_Source_Log_Pos Relay_Log_Space
    Until_Condition Until_Log_File Until_Log_Pos Source_SSL_Allowed Source_SSL_CA_File Source_SSL_CA_Path
    Source_SSL_Cert Source_SSL_Cipher Source_SSL_Key Seconds_Behind_Source Source_SSL_Verify_Server_Cert
    Last_IO_Errno Last_IO_Error Last_SQL_Errno Last_SQL_Error Replicate_Ignore_Server_Ids Source_Server_Id
    Source_UUID Source_Info_File SQL_Delay SQL_Remaining_Delay Replica_SQL_Running_State Source_Retry_Count
    Source_Bind Last_IO_Error_Timestamp Last_SQL_Error_Timestamp Source_SSL_Crl Source_SSL_Crlpath
    Retrieved_Gtid_Set Executed_Gtid_Set Auto_Position Replicate_Rewrite_DB Channel_Name Source_TLS_Version
    Source_public_key_path Get_Source_public_key Network_Namespace
    """.split()

SLAVE_HOSTS = ["Server_id", "Host", "Port", "Master_id", "Slave_UUID"]
REPLICAS_80 = ["Server_Id", "Host", "Port", "Source_Id", "Replica_UUID"]
BINARY_LOGS_57 = ["Log_name", "File_size"]
BINARY_LOGS_80 = ["Log_name", "File_size", "Encrypted"]
