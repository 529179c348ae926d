package io.github.notearchive.bench;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.turbo.TurboFilter;
import ch.qos.logback.core.read.ListAppender;
import io.github.notearchive.ArchiveDatabase;
import io.github.notearchive.archive.query.MediaTotals;
import io.github.notearchive.archive.worklist.WorklistStats;
import io.github.notearchive.cli.CommandContext;
import io.github.notearchive.cli.WholeProgram;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import org.springframework.boot.Banner;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.DriverManagerDataSource;
import org.springframework.jdbc.datasource.SingleConnectionDataSource;
import org.springframework.test.util.ReflectionTestUtils;
import org.springframework.util.ReflectionUtils;

/**
 * A database of its own with so many notes on the worklist, and the real program over it: once as it is, to be timed,
 * and once so that its statements show their plans.
 */
final class BigWorklist implements AutoCloseable {

    /** Arguments of the server's sessions that show plans. */
    private static final String SHOWING = "-c session_preload_libraries=auto_explain -c auto_explain.log_min_duration=0"
            + " -c auto_explain.log_analyze=on -c auto_explain.log_buffers=on -c auto_explain.log_timing=off"
            + " -c client_min_messages=log";

    private static final ArchiveDatabase SERVER = ArchiveDatabase.running();

    private final String name;
    private final String url;
    private @Nullable ConfigurableApplicationContext timed;
    private @Nullable ConfigurableApplicationContext showing;

    /**
     * Makes and fills it.
     *
     * @param notes how many
     * @param tenthsDone of ten notes so many are archived or gone
     * @param ledgerEvery every so-manieth of those has its call, answer and file
     */
    BigWorklist(int notes, int tenthsDone, int ledgerEvery) throws Exception {
        this.name = "big_" + notes + "_" + tenthsDone;
        drop();
        beside(SERVER.jdbcUrl()).execute("CREATE DATABASE " + name);
        // else it is the disk that is measured
        beside(SERVER.jdbcUrl()).execute("ALTER DATABASE " + name + " SET synchronous_commit = off");
        this.url = SERVER.jdbcUrl().replaceFirst("/[^/?]*(\\?|$)", "/" + name + "$1");
        showing().get(WorklistStats.class).countDue(1, Instant.now()); // makes the tables
        fill(notes, tenthsDone, ledgerEvery);
        showing().get(MediaTotals.class).now();
    }

    private ConfigurableApplicationContext program(Map<String, String> more) {
        Map<String, String> settings = new TreeMap<>(more);
        settings.put("spring.config.location", "classpath:/config/");
        settings.put("spring.datasource.url", url);
        settings.put("spring.datasource.username", SERVER.user());
        settings.put("spring.datasource.password", SERVER.password());
        settings.put("archive.store.endpoint", "http://127.0.0.1:9");
        settings.put("archive.store.access-key", "none");
        settings.put("archive.store.secret-key", "none-at-all");
        settings.put("archive.data-dir", "target/bench/data");
        return new SpringApplicationBuilder(WholeProgram.class)
                .bannerMode(Banner.Mode.OFF)
                .web(WebApplicationType.NONE)
                .registerShutdownHook(false)
                .logStartupInfo(false)
                .run(settings.entrySet().stream()
                        .map(setting -> "--" + setting.getKey() + "=" + setting.getValue())
                        .toArray(String[]::new));
    }

    /** Something that a command does; it may fail. */
    interface Task {
        void run(Parts parts) throws Exception;
    }

    /** The parts of a program that a task uses. */
    record Parts(ConfigurableApplicationContext context) {

        <T> T get(Class<T> part) {
            return context.getBean(part);
        }

        /** Calls a method of a part that only its own package knows. */
        void call(String bean, String method, Object... arguments) {
            ReflectionTestUtils.invokeMethod(context.getBean(bean), method, arguments);
        }

        /** Reads all that the command status shows. */
        void status() throws Exception {
            Class<?> command = Class.forName("io.github.notearchive.cli.StatusCommand");
            CommandContext whole = ReflectionUtils.accessibleConstructor(
                            CommandContext.class, ConfigurableApplicationContext.class)
                    .newInstance(context);
            ReflectionTestUtils.invokeMethod(command, "status", whole);
        }
    }

    /** Of the program as it is. */
    Parts timed() throws Exception {
        if (timed == null) {
            timed = program(Map.of());
        }
        return new Parts(timed);
    }

    /** Of the program in a mode in which a plan comes with its statement. */
    private Parts showing() throws Exception {
        if (showing == null) {
            String pool = "spring.datasource.hikari.data-source-properties.";
            showing = program(Map.of(pool + "preferQueryMode", "simple", pool + "options", SHOWING));
        }
        return new Parts(showing);
    }

    /** The plans, as they ran, of all statements of a task. */
    List<String> plansOf(Task task) throws Exception {
        Parts parts = showing();
        Logger warnings = (Logger) LoggerFactory.getLogger(JdbcTemplate.class);
        // the program lets nothing that passes through it be logged; here it is made up
        LoggerContext logging = warnings.getLoggerContext();
        List<TurboFilter> filters = List.copyOf(logging.getTurboFilterList());
        logging.resetTurboFilterList();
        Level before = warnings.getLevel();
        boolean additive = warnings.isAdditive();
        ListAppender<ILoggingEvent> seen = new ListAppender<>();
        seen.start();
        warnings.addAppender(seen);
        warnings.setAdditive(false);
        warnings.setLevel(Level.DEBUG);
        try {
            task.run(parts);
        } finally {
            warnings.setLevel(before);
            warnings.setAdditive(additive);
            warnings.detachAppender(seen);
            filters.forEach(logging::addTurboFilter);
        }
        return seen.list.stream()
                .map(ILoggingEvent::getFormattedMessage)
                .filter(message -> message.contains("plan:\n"))
                .map(message ->
                        message.substring(message.indexOf("plan:\n") + 6).replaceFirst("\\]$", ""))
                .toList();
    }

    /** Connections beside those of the program. */
    JdbcTemplate beside() {
        return beside(url);
    }

    private static JdbcTemplate beside(String url) {
        return new JdbcTemplate(new DriverManagerDataSource(url, SERVER.user(), SERVER.password()));
    }

    private void drop() {
        beside(SERVER.jdbcUrl()).execute("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)");
    }

    @Override
    public void close() {
        Stream.of(Optional.ofNullable(timed), Optional.ofNullable(showing))
                .flatMap(Optional::stream)
                .forEach(ConfigurableApplicationContext::close);
        drop();
    }

    private void fill(int notes, int tenthsDone, int ledgerEvery) throws IOException {
        try (var session = new SingleConnectionDataSource(url, SERVER.user(), SERVER.password(), true)) {
            JdbcTemplate sql = new JdbcTemplate(session);
            sql.execute("""
                    SET synchronous_commit = off;
                    SET maintenance_work_mem = '256MB';
                    SET session_replication_role = replica
                    """);
            List<Map<String, Object>> indexes = sql.queryForList("""
                    SELECT indexname, indexdef FROM pg_indexes i
                    WHERE tablename IN ('worklist', 'api_call', 'note_capture', 'note_media', 'media_object')
                      AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conname = i.indexname)
                    """);
            indexes.forEach(index -> sql.execute("DROP INDEX " + index.get("indexname")));
            String script = Files.readString(Path.of("src", "test", "sql", "backlog.sql"));
            sql.execute(script.replace(":notes", String.valueOf(notes))
                    .replace(":done", String.valueOf(tenthsDone))
                    .replace(":every", String.valueOf(ledgerEvery)));
            indexes.forEach(index -> sql.execute(String.valueOf(index.get("indexdef"))));
            sql.execute("SELECT worklist_recount()");
            sql.execute("VACUUM ANALYZE");
            sql.execute("CHECKPOINT");
        }
    }
}
