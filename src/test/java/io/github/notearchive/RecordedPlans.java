package io.github.notearchive;

import com.zaxxer.hikari.HikariDataSource;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.springframework.jdbc.datasource.DelegatingDataSource;

/** Data source that records prepared statements and explains them. */
public final class RecordedPlans extends DelegatingDataSource {

    private final ArchiveDatabase database;
    private final List<String> statements = new CopyOnWriteArrayList<>();

    public RecordedPlans(ArchiveDatabase database) {
        super(database.dataSource());
        this.database = database;
    }

    @Override
    public Connection getConnection() throws SQLException {
        Connection connection = super.getConnection();
        return (Connection) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {Connection.class}, (_, method, arguments) -> {
                    if (method.getName().equals("prepareStatement")) {
                        statements.add((String) arguments[0]);
                    }
                    return method.invoke(connection, arguments);
                });
    }

    /** Returns the generic plan of the last statement with this beginning, which a prepared one uses eventually. */
    public String planOf(String beginning) throws SQLException {
        String sql = statements.stream()
                .filter(statement -> statement.stripLeading().startsWith(beginning))
                .reduce((_, last) -> last)
                .orElseThrow();
        StringBuilder numbered = new StringBuilder();
        int parameter = 0;
        for (char c : sql.toCharArray()) {
            numbered.append(c == '?' ? "$" + ++parameter : String.valueOf(c));
        }
        StringBuilder plan = new StringBuilder();
        try (HikariDataSource plain = database.poolOf(1)) {
            plain.addDataSourceProperty("preferQueryMode", "simple"); // parameters without values
            try (Connection connection = plain.getConnection();
                    Statement explain = connection.createStatement();
                    ResultSet rows = explain.executeQuery("EXPLAIN (GENERIC_PLAN) " + numbered)) {
                while (rows.next()) {
                    plan.append(rows.getString(1)).append('\n');
                }
            }
        }
        return plan.toString();
    }
}
