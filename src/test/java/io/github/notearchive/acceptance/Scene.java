package io.github.notearchive.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;
import static org.awaitility.Awaitility.await;

import io.github.notearchive.acceptance.Program.Ended;
import io.github.notearchive.io.TcpProxy;
import io.github.notearchive.sandbox.SandboxSettings;
import io.github.notearchive.sandbox.ScriptableSandbox;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/** A practice with a proxy before each server, for tests that kill the program or cause faults. */
final class Scene extends Practice {

    static final Duration PATIENCE = Duration.ofSeconds(180);

    /** All that a run may end with, but for what nobody foresaw (1) and for wrong usage (2). */
    static final Set<Integer> DOCUMENTED = Set.of(0, 3, 4, 5, 6, 7, 8);

    private static final int RUNS = 5;
    private static final SandboxSettings LATENT = SandboxSettings.defaults().withLatency(Duration.ofMillis(20));

    private final TcpProxy wayToProvider;
    private final TcpProxy wayToMedia;
    private final TcpProxy wayToDatabase;
    private final TcpProxy wayToStore;
    private final List<String> ids = new ArrayList<>();
    private final List<Integer> exits = new ArrayList<>();

    Scene(Place place) {
        this(place, LATENT, false);
    }

    /** Creates a scene without an archive. */
    static Scene empty(Place place) {
        return new Scene(place, LATENT, true);
    }

    Scene(Place place, SandboxSettings settings, boolean isEmpty) {
        super(place, settings, isEmpty);
        OutsideServers servers = OutsideServers.running();
        wayToProvider = TcpProxy.before(provider().baseUrl());
        wayToMedia = TcpProxy.before(URI.create("http://" + provider().mediaHost()));
        wayToDatabase = TcpProxy.before(servers.databaseAddress());
        wayToStore = TcpProxy.before(servers.store().endpoint());
        Map<String, String> environment = environment();
        environment.put("JUSTONEAPI_BASE_URL", wayToProvider.address().toString());
        environment.merge("ARCHIVE_MEDIA_HOSTS", "127.0.0.1:" + wayToMedia.port(), (own, more) -> own + "," + more);
        environment.computeIfPresent("ARCHIVE_DATABASE_URL", (_, _) -> databaseUrl(wayToDatabase));
        environment.computeIfPresent(
                "ARCHIVE_S3_ENDPOINT", (_, _) -> wayToStore.address().toString());
        // so that what lies between download and store can be seen from outside, and a full disk is met
        environment.put("ARCHIVE_MEDIA_MAXMEMORY", "0");
    }

    TcpProxy wayToProvider() {
        return wayToProvider;
    }

    /** A second address of the media hosts, which no answer names. */
    TcpProxy wayToMedia() {
        return wayToMedia;
    }

    /** The way to a database outside; nothing uses it if the database is embedded. */
    TcpProxy wayToDatabase() {
        return wayToDatabase;
    }

    /** The way to a store outside; nothing uses it if the store is embedded. */
    TcpProxy wayToStore() {
        return wayToStore;
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
        ids.addAll(provider().noteIds(notes));
        call("enqueue", list()).with(0);
    }

    /** A file with the ids of all notes. */
    String list() {
        return file("ids.txt", String.join("\n", ids)).toString();
    }

    /** Waits until something is so in the tables. */
    static void awaitNumber(Archive archive, String sql, long expected) {
        await().atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(50))
                .until(() -> archive.number(sql), number -> number == expected);
    }

    /**
     * Lets the provider answer whoever is gone: sold, though nobody is there to hear it. What a proxy holds of a
     * program that was killed goes nowhere.
     */
    void settle() {
        for (TcpProxy way : List.of(wayToProvider, wayToDatabase, wayToStore)) {
            way.cut();
            way.release();
        }
        provider().releaseAnswers();
        provider().releaseMedia();
        await().atMost(PATIENCE)
                .until(() -> provider().callsSeen().size() == provider().calls());
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

    @Override
    public void close() {
        try (wayToProvider;
                wayToMedia;
                wayToDatabase;
                wayToStore) {
            provider().script().releaseHung();
        } finally {
            super.close();
        }
    }
}
