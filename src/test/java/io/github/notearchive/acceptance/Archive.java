package io.github.notearchive.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.notearchive.embedded.EmbeddedStore;
import io.minio.GetObjectArgs;
import io.minio.ListObjectsArgs;
import io.minio.MinioClient;
import io.minio.Result;
import io.minio.messages.Item;
import java.net.URI;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.DriverManagerDataSource;
import org.springframework.jdbc.datasource.SingleConnectionDataSource;

/** Rows and objects, read from outside the program. */
final class Archive implements AutoCloseable {

    /** Set in the connections of the tests, from their first moment on. */
    static final String OURS = "tests.ours";

    private final SingleConnectionDataSource connection;
    private final JdbcClient jdbc;
    private final Supplier<Account> account;
    private final String bucket;
    private final Runnable close;
    private @Nullable MinioClient store;

    Archive(String url, String user, String password, Supplier<Account> account, String bucket, Runnable close) {
        this.connection = new SingleConnectionDataSource(url, user, password, true);
        Properties sent = new Properties();
        sent.setProperty("options", "-c " + OURS + "=yes");
        connection.setConnectionProperties(sent);
        this.jdbc = JdbcClient.create(connection);
        this.account = account;
        this.bucket = bucket;
        this.close = close;
    }

    /** How to log in to the store. */
    record Account(URI endpoint, String accessKey, String secretKey) {

        static Account of(EmbeddedStore store) {
            return new Account(store.endpoint(), store.accessKey(), store.secretKey());
        }
    }

    /** The notes of the worklist, counted by their state. */
    Map<String, Long> states() {
        Map<String, Long> states = new TreeMap<>();
        jdbc.sql("SELECT state, count(*) AS notes FROM worklist GROUP BY state")
                .query()
                .listOfRows()
                .forEach(row -> states.put((String) row.get("state"), (Long) row.get("notes")));
        return states;
    }

    /** All executions, oldest first: instance, status and exit code in a line. */
    List<String> executions() {
        return strings("""
                SELECT job_instance_id || ' ' || status || ' ' || exit_code
                FROM batch_job_execution ORDER BY job_execution_id
                """);
    }

    /** The notes with attempts, each with its reason. */
    List<String> counted() {
        return strings("""
                SELECT concat_ws(' ', note_id, state, attempts, media_attempts, reason, detail)
                FROM worklist WHERE attempts > 0 OR media_attempts > 0
                """);
    }

    List<String> strings(String sql, Object... parameters) {
        return jdbc.sql(sql).params(parameters).query(String.class).list();
    }

    long number(String sql, Object... parameters) {
        return jdbc.sql(sql).params(parameters).query(Long.class).single();
    }

    /** Returns the number of rows that DuckDB reads from a file. */
    static long countInFile(String table) {
        return JdbcClient.create(new DriverManagerDataSource("jdbc:duckdb:"))
                .sql("SELECT count(*) FROM " + table)
                .query(Long.class)
                .single();
    }

    void assertNumber(String sql, long expected) {
        assertThat(number(sql)).as(sql).isEqualTo(expected);
    }

    /** Waits until a query returns a number. */
    void awaitNumber(String sql, long expected) {
        await().atMost(Practice.PATIENCE)
                .pollInterval(Duration.ofMillis(50))
                .until(() -> number(sql), number -> number == expected);
    }

    void execute(String sql) {
        new JdbcTemplate(connection).execute(sql);
    }

    /** Every row of a table as text. */
    String dump(String table) {
        return String.join("\n", strings("SELECT t::text FROM " + table + " t"));
    }

    /** The keys in the bucket that begin so, with their sizes. */
    Map<String, Long> objects(String prefix) throws Exception {
        Map<String, Long> objects = new LinkedHashMap<>();
        for (Result<Item> item : store().listObjects(ListObjectsArgs.builder()
                .bucket(bucket)
                .prefix(prefix)
                .recursive(true)
                .build())) {
            objects.put(item.get().objectName(), item.get().size());
        }
        return objects;
    }

    byte[] read(String key) throws Exception {
        try (var in = store().getObject(
                        GetObjectArgs.builder().bucket(bucket).object(key).build())) {
            return in.readAllBytes();
        }
    }

    private MinioClient store() {
        if (store == null) {
            Account login = account.get();
            store = MinioClient.builder()
                    .endpoint(login.endpoint().toString())
                    .region("us-east-1")
                    .credentials(login.accessKey(), login.secretKey())
                    .build();
        }
        return store;
    }

    @Override
    public void close() {
        connection.destroy();
        if (store != null) {
            try {
                store.close();
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        }
        close.run();
    }
}
