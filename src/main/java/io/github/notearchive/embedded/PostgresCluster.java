package io.github.notearchive.embedded;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Map;
import java.util.Properties;
import org.apache.commons.io.file.PathUtils;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Files of the database in the data directory, and identification of their server.
 *
 * <p>A cluster is complete if it has a mark, which is set when its server responds for the first time. A cluster
 * without the mark is the remainder of a killed process; PostgreSQL cannot start from it.
 *
 * @param home the data directory
 */
record PostgresCluster(Path home) {

    static final String USER = "postgres";

    private static final Logger log = LoggerFactory.getLogger(PostgresCluster.class);
    private static final DateTimeFormatter STAMP =
            DateTimeFormatter.ofPattern("uuuuMMdd'T'HHmmss.SSS'Z'").withZone(ZoneOffset.UTC);

    static String jdbcUrl(int port) {
        return "jdbc:postgresql://127.0.0.1:" + port + "/postgres";
    }

    Path data() {
        return home.resolve("postgres");
    }

    Path serverLog() {
        return home.resolve("postgres.log");
    }

    Path passwordFile() {
        return home.resolve("postgres.password");
    }

    boolean isWhole() {
        return Files.exists(mark());
    }

    void markWhole() throws IOException {
        if (!isWhole()) {
            new PrivateFile(mark()).write("made whole at " + Clock.systemUTC().instant() + "\n");
        }
    }

    /** Moves an incomplete cluster aside. Deletes nothing. */
    void moveBrokenAside() throws IOException {
        if (isWhole() || !Files.exists(data()) || PathUtils.isEmpty(data())) {
            return;
        }
        Path aside =
                home.resolve("postgres.broken-" + STAMP.format(Clock.systemUTC().instant()));
        Files.move(data(), aside);
        log.warn(
                "Database {} is incomplete (its creation was interrupted); moved to {}, creating a new one",
                data(),
                aside);
    }

    /** Creates the password if there is no cluster yet; requires it otherwise. */
    void preparePassword() throws IOException {
        PrivateFile file = new PrivateFile(passwordFile());
        if (!isWhole() && file.read().isEmpty()) {
            file.write(PrivateFile.random(24) + "\n");
        }
        String _ = password();
    }

    String password() {
        try {
            String password = new PrivateFile(passwordFile()).read();
            if (password.isEmpty()) {
                throw new IOException("it is missing; put it back, from a copy of the directory");
            }
            return password;
        } catch (IOException e) {
            throw DataDirectoryException.of(home, "its postgres.password cannot be read, " + e.getMessage(), e);
        }
    }

    /**
     * Returns whether the server on this port is that of the cluster. Both sides prove that they have the password
     * without sending it.
     */
    boolean answersOn(int port) {
        try (Connection connection = connect(port);
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("SHOW data_directory")) {
            return row.next() && Path.of(row.getString(1)).toRealPath().equals(data().toRealPath());
        } catch (SQLException | IOException | InvalidPathException | DataDirectoryException e) {
            log.debug("What listens on 127.0.0.1:{} is not the server over {}", port, data(), e);
            return false;
        }
    }

    private Connection connect(int port) throws SQLException {
        var properties = new Properties();
        properties.putAll(Map.of(
                "user", USER,
                "password", password(),
                "requireAuth", "scram-sha-256",
                "sslmode", "disable",
                "gssEncMode", "disable",
                "connectTimeout", "2",
                "loginTimeout", "5",
                "socketTimeout", "5"));
        return DriverManager.getConnection(jdbcUrl(port), properties);
    }

    private Path mark() {
        return data().resolve("note-archive.whole");
    }
}
