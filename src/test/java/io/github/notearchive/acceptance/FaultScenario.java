package io.github.notearchive.acceptance;

import io.github.notearchive.archive.catalog.Sidecar;
import io.github.notearchive.io.TcpProxy;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.sandbox.SandboxSettings;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.util.FileSystemUtils;

/** A practice with a proxy before each server that the program uses. */
final class FaultScenario implements AutoCloseable {

    /** A variable that says how long a file may get that the run writes, in blocks of 512 bytes. */
    static final String LARGEST_FILE = "LARGEST_FILE";

    /** A variable that has the program and its embedded database see a clock that can be set. */
    static final String CLOCK = "CLOCK";

    private final Practice practice;
    private final TcpProxy provider;
    private final TcpProxy media;
    private final @Nullable TcpProxy database;
    private final @Nullable TcpProxy store;
    private List<String> ids = List.of();

    FaultScenario(Place place, SandboxSettings settings, Map<String, String> more) {
        practice = Practice.begin(place, settings);
        Map<String, String> environment = practice.environment();
        environment.put("ARCHIVE_MEDIA_MAXMEMORY", "0"); // a disk that is full is to be met
        environment.putAll(more);
        if (environment.remove(CLOCK) != null) {
            environment.put("LD_PRELOAD", clockLibrary().orElseThrow().toString());
            environment.put(
                    "FAKETIME_TIMESTAMP_FILE", practice.file("clock", "+0").toString());
            environment.put("FAKETIME_CACHE_DURATION", "1");
            environment.put("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        }
        provider = TcpProxy.before(practice.provider().baseUrl());
        environment.put("JUSTONEAPI_BASE_URL", provider.address().toString());
        media = TcpProxy.before(URI.create("http://" + practice.provider().mediaHost()));
        environment.merge("ARCHIVE_MEDIA_HOSTS", "127.0.0.1:" + media.port(), (own, proxy) -> own + "," + proxy);
        if (place == Place.OUTSIDE) {
            database = TcpProxy.before(practice.databaseAddress());
            environment.put("ARCHIVE_DATABASE_URL", practice.databaseUrl(database));
            store = TcpProxy.before(URI.create(environment.get("ARCHIVE_S3_ENDPOINT")));
            environment.put("ARCHIVE_S3_ENDPOINT", store.address().toString());
        } else {
            database = null;
            store = null;
        }
    }

    Practice practice() {
        return practice;
    }

    /** Stands between a program and its clock; Debian's package libfaketime. */
    static Optional<Path> clockLibrary() {
        return Stream.of("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu")
                .map(directory -> Path.of(directory, "faketime", "libfaketimeMT.so.1"))
                .filter(Files::exists)
                .findFirst();
    }

    /** Sets the program's clock by so much off the true time, in the syntax of libfaketime. */
    void setClock(String offset) throws IOException {
        Path next = practice.file("clock.next", offset);
        Files.move(next, next.resolveSibling("clock"), StandardCopyOption.ATOMIC_MOVE);
    }

    /** Starts the run that is to meet the fault. */
    Program start() {
        return environment().containsKey(LARGEST_FILE)
                ? practice.startAfter("ulimit -f " + environment().get(LARGEST_FILE), "run")
                : practice.start("run");
    }

    private Map<String, String> environment() {
        return practice.environment();
    }

    void enqueue(int notes) {
        ids = practice.enqueue(notes);
    }

    List<String> ids() {
        return ids;
    }

    TcpProxy wayToProvider() {
        return provider;
    }

    /** A second address of the media hosts, which no answer names. */
    TcpProxy wayToMedia() {
        return media;
    }

    /** Outside servers only. */
    TcpProxy wayToDatabase() {
        return there(database);
    }

    /** Outside servers only. */
    TcpProxy wayToStore() {
        return there(store);
    }

    private static TcpProxy there(@Nullable TcpProxy proxy) {
        if (proxy == null) {
            throw new IllegalStateException("Embedded servers have no way that leads to them");
        }
        return proxy;
    }

    /** A part of the address of a picture or sound of the last note. */
    String fileOfLast() {
        String answer = practice.provider().envelope(ids.getLast()).toString();
        Matcher file = Pattern.compile("http://[0-9.:]+(/[^\"?]+)").matcher(answer);
        while (file.find()) {
            if (!file.group(1).contains("/discovery/")) {
                return file.group(1);
            }
        }
        throw new IllegalStateException("The last note has no file");
    }

    /** Dates the calls about postponed notes and their sidecars one day back, and makes these notes due. */
    void startNextNightOfPostponedNotes() throws Exception {
        try (Archive archive = practice.look()) {
            List<String> calls = archive.strings("""
                    SELECT note_id || ' ' || (extract(epoch FROM received_at) * 1000)::bigint
                    FROM api_call JOIN worklist USING (note_id)
                    WHERE state = 'POSTPONED' AND billed = 'YES'
                    """);
            for (String call : calls) {
                String[] parts = call.split(" ");
                NoteId id = new NoteId(parts[0]);
                Instant received = Instant.ofEpochMilli(Long.parseLong(parts[1]));
                Instant dayBefore = received.minus(Duration.ofDays(1));
                archive.replace(
                        Sidecar.keyOf(id, received).value(),
                        Sidecar.keyOf(id, dayBefore).value(),
                        sidecar -> sidecar.replace("\"" + received + "\"", "\"" + dayBefore + "\""));
            }
        }
        execute("""
                UPDATE api_call SET sent_at = sent_at - interval '1 day', received_at = received_at - interval '1 day'
                WHERE note_id IN (SELECT note_id FROM worklist WHERE state = 'POSTPONED')
                """, """
                UPDATE worklist SET due_at = now(), missing_night = missing_night - 1 WHERE state = 'POSTPONED'
                """);
    }

    /** A file stands where the spool's directory should be. */
    void spoolIsNoDirectory() throws IOException {
        Path spool = practice.directory().resolve("data").resolve("spool");
        FileSystemUtils.deleteRecursively(spool);
        Files.writeString(spool, "in the way");
    }

    void spoolIsADirectory() throws IOException {
        Files.deleteIfExists(practice.directory().resolve("data").resolve("spool"));
    }

    /** Where the embedded or outside store keeps the bucket. */
    Path bucket() {
        String name = practice.environment().get("ARCHIVE_S3_BUCKET");
        return name == null
                ? practice.directory().resolve("data").resolve("s3").resolve("note-archive")
                : OutsideServers.running().objects().resolve(name);
    }

    /** Changes something in the database, beside the program or after it. */
    void execute(String... statements) {
        try (Archive archive = practice.look()) {
            for (String statement : statements) {
                archive.execute(statement);
            }
        }
    }

    long number(String sql, Object... parameters) {
        try (Archive archive = practice.look()) {
            return archive.number(sql, parameters);
        }
    }

    @Override
    public void close() {
        practice.close();
        provider.close();
        media.close();
        if (database != null) {
            database.close();
        }
        if (store != null) {
            store.close();
        }
    }
}
