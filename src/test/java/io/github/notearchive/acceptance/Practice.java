package io.github.notearchive.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;
import static org.awaitility.Awaitility.await;

import io.github.notearchive.acceptance.Program.Ended;
import io.github.notearchive.io.TcpProxy;
import io.github.notearchive.sandbox.SandboxSettings;
import io.github.notearchive.sandbox.ScriptableSandbox;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.apache.commons.io.function.Uncheck;
import org.awaitility.core.ConditionTimeoutException;
import org.springframework.util.FileSystemUtils;
import tools.jackson.databind.JsonNode;

/**
 * Provider, database, bucket and processes of one test, with a proxy before each server. The output of each process is
 * checked for secrets.
 */
final class Practice implements AutoCloseable {

    static final String TOKEN = "token-4f1c9e7702d84a55";

    static final Duration PATIENCE = Duration.ofSeconds(180);

    /** All that a run may end with, but for the unexpected (1) and for wrong usage (2). */
    static final Set<Integer> DOCUMENTED = Set.of(0, 3, 4, 5, 6, 7, 8);

    private static final int RUNS = 5;

    /** How many notes are worked on at once. */
    static final int WORKERS = 8;

    private final Path directory;
    private final ScriptableSandbox provider;
    private final Site site;
    private final Map<String, String> environment = new HashMap<>();
    private final List<Program> programs = new ArrayList<>();
    private final Ways ways;
    private final List<String> ids = new ArrayList<>();
    private final List<Integer> exits = new ArrayList<>();

    /**
     * Proxies before the servers.
     *
     * @param media a second address of the media hosts, which no response names
     * @param database before the outside database; nothing uses it if the database is embedded
     * @param store before the outside store; nothing uses it if the store is embedded
     */
    record Ways(TcpProxy provider, TcpProxy media, TcpProxy database, TcpProxy store) implements AutoCloseable {

        @Override
        public void close() {
            List.of(provider, media, database, store).forEach(TcpProxy::close);
        }
    }

    /**
     * Creates a practice.
     *
     * @param isEmpty whether the first program that is started makes the archive
     */
    private Practice(Place place, SandboxSettings settings, boolean isEmpty) {
        directory = Uncheck.get(
                () -> Files.createTempDirectory("note-archive-practice-").toRealPath());
        provider = ScriptableSandbox.start(settings, TOKEN, 8 * 1024);
        site = Site.create(place, directory.resolve("data"), isEmpty);
        OutsideServers servers = OutsideServers.running();
        ways = new Ways(
                TcpProxy.before(provider.baseUrl()),
                TcpProxy.before(URI.create("http://" + provider.mediaHost())),
                TcpProxy.before(servers.databaseAddress()),
                TcpProxy.before(servers.store().endpoint()));
        environment.put("JUSTONEAPI_TOKEN", TOKEN);
        environment.put("JUSTONEAPI_BASE_URL", ways.provider.address().toString());
        environment.put("ARCHIVE_MEDIA_HOSTS", provider.mediaHost() + ",127.0.0.1:" + ways.media.port());
        environment.put("ARCHIVE_MEDIA_PREVIEW", "none"); // files are compared with those that a response offers
        environment.put("ARCHIVE_CALLS_PER_SECOND", "500");
        environment.put("ARCHIVE_WORKERS", String.valueOf(WORKERS));
        environment.put("ARCHIVE_RETRY_DELAYS", "50ms,100ms,200ms,200ms");
        environment.putAll(site.environment());
        environment.computeIfPresent("ARCHIVE_DATABASE_URL", (_, _) -> databaseUrl(ways.database));
        environment.computeIfPresent(
                "ARCHIVE_S3_ENDPOINT", (_, _) -> ways.store.address().toString());
    }

    /** Creates a practice over an archive without notes. */
    static Practice begin(Place place) {
        return begin(place, ScriptableSandbox.DEFAULTS);
    }

    static Practice begin(Place place, SandboxSettings settings) {
        return new Practice(place, settings, false);
    }

    /** Creates a practice without an archive: the first program that is started makes it. */
    static Practice beginEmpty(Place place, SandboxSettings settings) {
        return new Practice(place, settings, true);
    }

    ScriptableSandbox provider() {
        return provider;
    }

    Path directory() {
        return directory;
    }

    /** The environment of all processes; can be changed before a start. */
    Map<String, String> environment() {
        return environment;
    }

    Ways ways() {
        return ways;
    }

    /** The notes that must be archived in the end. */
    List<String> ids() {
        return ids;
    }

    /** How the runs after the kills ended. */
    List<Integer> exits() {
        return exits;
    }

    /** Enqueues the first notes by the command, which makes the archive; repeatable. */
    void enqueueByCommand(int notes) {
        ids.clear();
        ids.addAll(provider.noteIds(notes));
        call("enqueue", list()).with(0);
    }

    /** A file with the ids of all notes. */
    String list() {
        return file("ids.txt", String.join("\n", ids)).toString();
    }

    /** Starts the program, and returns while it runs. */
    Program start(String... arguments) {
        return add(Program.start(directory, environment, arguments));
    }

    /** The program that was started last. */
    synchronized Program newest() {
        return programs.getLast();
    }

    /** Starts a run, and returns when all workers wait for a response. */
    Program startRunWithHeldResponses() throws InterruptedException {
        provider.holdResponses();
        Program run = start("run");
        provider.awaitHeld(WORKERS, Duration.ofSeconds(60));
        return run;
    }

    /** Starts the program by a shell command that changes what a process inherits. */
    Program startAfter(String shell, String... arguments) {
        return add(Program.startAfter(directory, environment, shell, arguments));
    }

    /** Starts the program with more environment variables. */
    Program startWith(Map<String, String> more, String... arguments) {
        Map<String, String> all = new HashMap<>(environment);
        all.putAll(more);
        return add(Program.start(directory, all, arguments));
    }

    private synchronized Program add(Program program) {
        programs.add(program);
        return program;
    }

    /** Runs the program to its end. */
    Ended call(String... arguments) {
        return checked(start(arguments).end());
    }

    Ended end(Program program) {
        return checked(program.end());
    }

    Ended end(Program program, Duration atMost) {
        return checked(program.end(atMost));
    }

    private Ended checked(Ended ended) {
        assertThat(ended.out() + ended.err())
                .as("output of " + ended.arguments())
                .doesNotContain(TOKEN)
                .doesNotContain(site.secrets());
        return ended;
    }

    /** Inserts the first notes of the provider into the worklist and returns their ids. */
    List<String> enqueue(int notes) {
        return enqueue(provider.noteIds(notes));
    }

    List<String> enqueue(List<String> ids) {
        try (Archive archive = look()) {
            archive.strings("""
                    INSERT INTO worklist (note_id, source, enqueued_at, due_at)
                    SELECT unnest(?), 'enqueue', now(), now()
                    ON CONFLICT (note_id) DO NOTHING RETURNING note_id
                    """, (Object) ids.toArray(String[]::new));
        }
        return ids;
    }

    /** Returns the URL of the outside database with the address of a proxy. */
    String databaseUrl(TcpProxy proxy) {
        return environment.get("ARCHIVE_DATABASE_URL").replaceFirst("//[^/]+/", "//127.0.0.1:" + proxy.port() + "/");
    }

    /** Returns the number of spool files with responses that are not in the database. */
    int spooledResponses() {
        return files("data/answers/main", file -> file.toString().endsWith(".answer"));
    }

    /** Returns the number of files in the spool of downloads. */
    int spooledFiles() {
        return files("data/spool", Files::isRegularFile);
    }

    private int files(String name, Predicate<Path> filter) {
        try (Stream<Path> files = Files.walk(directory.resolve(name))) {
            return (int) files.filter(filter).count();
        } catch (NoSuchFileException e) {
            return 0;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Writes a file beside the program's working directory. */
    Path file(String name, String text) {
        return Uncheck.get(() -> Files.writeString(directory.resolve(name), text));
    }

    Archive look() {
        return site.look();
    }

    Site site() {
        return site;
    }

    /** Looks into it beside a program that has just been started, as soon as its servers are there. */
    Archive beside(Program program) {
        await().atMost(Duration.ofSeconds(180))
                .pollInterval(Duration.ofMillis(50))
                .until(() -> site.isServedBy(program) || !program.isRunning());
        assertThat(program.isRunning()).as("the program runs").isTrue();
        return look();
    }

    /** Asserts what is visible before a kill. */
    interface Proof {
        void check(Archive archive) throws Exception;
    }

    /** Starts a command and kills it while a trap holds one of its statements. */
    void killTrapped(Trap trap, Proof proof, String... arguments) throws Exception {
        try (Archive archive = look()) {
            trap.set(archive);
        }
        Program program = start(arguments);
        try (Archive archive = beside(program)) {
            killTrapped(program, archive, 1, proof);
        }
    }

    /** Kills a running program while a trap holds this many of its statements. */
    void killTrapped(Program program, Archive archive, int statements, Proof proof) throws Exception {
        try {
            Trap.awaitCaught(archive, statements);
        } catch (ConditionTimeoutException e) {
            program.kill();
            fail("nothing was caught: " + end(program), e);
        }
        proof.check(archive);
        program.killRunning();
        Trap.remove(archive);
    }

    /**
     * Releases the held calls of killed programs, and waits until the provider has logged them. Bytes that a proxy
     * holds of a killed program are discarded.
     */
    void settle() {
        for (TcpProxy way : List.of(ways.provider, ways.database, ways.store)) {
            way.cut();
            way.release();
        }
        provider.releaseResponses();
        provider.releaseMedia();
        await().atMost(PATIENCE).until(() -> provider.callsSeen().size() == provider.calls());
    }

    /** Runs until a night completes, so many times at most. */
    void runToTheEnd() {
        for (int run = 0; run < RUNS; run++) {
            Ended ended = call("run");
            assertThat(ended.exitCode()).as(ended::toString).isIn(DOCUMENTED);
            exits.add(ended.exitCode());
            if (ended.exitCode() == 0) {
                return;
            }
        }
        fail("no run completed: " + exits);
    }

    /** Path and query of every address that a note's answer names. */
    static Set<String> targetsOf(ScriptableSandbox provider, String note) {
        Set<String> targets = new HashSet<>();
        collect(provider.envelope(note), "http://" + provider.mediaHost(), targets);
        return targets;
    }

    private static void collect(JsonNode node, String prefix, Set<String> targets) {
        if (node.isString() && node.stringValue().startsWith(prefix)) {
            targets.add(node.stringValue().substring(prefix.length()));
        }
        for (JsonNode child : node) {
            collect(child, prefix, targets);
        }
    }

    /** Audits it. */
    Audit audit() throws Exception {
        try (Archive archive = look()) {
            return Audit.of(this, archive, ids);
        }
    }

    /** Changes something in the database, beside the program or after it. */
    void execute(String... statements) {
        try (Archive archive = look()) {
            for (String statement : statements) {
                archive.execute(statement);
            }
        }
    }

    long number(String sql) {
        try (Archive archive = look()) {
            return archive.number(sql);
        }
    }

    List<String> secrets() {
        List<String> secrets = new ArrayList<>(site.secrets());
        secrets.add(TOKEN);
        return secrets;
    }

    @Override
    public void close() {
        programs.stream().filter(Program::isRunning).forEach(Program::kill);
        try (provider;
                site;
                ways) {
            provider.script().releaseHung();
            provider.releaseResponses();
            provider.releaseMedia();
        } finally {
            Uncheck.run(() -> FileSystemUtils.deleteRecursively(directory));
        }
    }
}
