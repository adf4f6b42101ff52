// MariaDB's JDBC driver prepares and executes statements at the server, by Rhino:
// jdbc_rows.js PORT USER PASSWORD STATEMENT... Prints their rows as JSON, each twice, values as texts.
var port = arguments[0], statements = arguments.slice(3);
var url = 'jdbc:mariadb://localhost:' + port + '/?user=' + arguments[1] + '&password='
    + java.net.URLEncoder.encode(arguments[2], 'UTF-8') + '&useServerPrepStmts=true';
var connection = new Packages.org.mariadb.jdbc.Driver().connect(url, new java.util.Properties());

function rows(text) {
    var prepared = connection.prepareStatement(text), found = [];
    for (var time = 0; time < 2; time++) {
        var result = prepared.executeQuery(), columns = result.getMetaData();
        for (found[time] = []; result.next();) {
            var row = {};
            for (var n = 1; n <= columns.getColumnCount(); n++) {
                var value = result.getString(n);
                row[columns.getColumnLabel(n)] = value === null ? null : String(value);
            }
            found[time].push(row);
        }
    }
    prepared.close();
    return found;
}

var all = statements.map(rows);
connection.close();
print(JSON.stringify(all.map(function (one) { return one[0]; }).concat(all.map(function (one) { return one[1]; }))));
