package io.github.notearchive.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.notearchive.acceptance.Program.Ended;
import io.github.notearchive.sandbox.Reply;
import io.github.notearchive.sandbox.SandboxNoteKind;
import io.github.notearchive.sandbox.SandboxSettings;
import io.github.notearchive.sandbox.ScriptableSandbox;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.commons.codec.digest.DigestUtils;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** A list of ids becomes an archive: all kinds of notes, a quota, videos bought later, large responses. */
@ExtendWith(OutsideServers.Running.class)
class NightTests {

    private static final JsonMapper JSON = JsonMapper.builder().build();

    @ParameterizedTest(name = "on {0} servers")
    @EnumSource
    void aNightArchivesEveryNoteWithTheBytesThatTheProviderHas(Place place) throws Exception {
        try (Practice practice = Practice.begin(place)) {
            practice.environment().put("TZ", "America/New_York");
            List<String> ids = practice.enqueue(60);

            Ended night = practice.call("run").with(0);

            assertThat(night.out())
                    .contains("COMPLETED (exit 0)")
                    .contains("notes     60 archived")
                    .contains("bill      60 calls · 60 billed");
            assertThat(practice.provider().calls()).isEqualTo(60);
            assertThat(practice.provider().bought()).containsExactlyInAnyOrderElementsOf(ids);
            try (Archive archive = practice.look()) {
                assertThat(archive.states()).isEqualTo(Map.of("ARCHIVED", 60L));
                assertThat(archive.executions()).containsExactly("1 COMPLETED COMPLETED");
                assertThat(archive.strings("SELECT note_id FROM note WHERE archived_at IS NOT NULL"))
                        .containsExactlyInAnyOrderElementsOf(ids);
                archive.assertNumber(
                        "SELECT count(*) FROM api_call WHERE billed = 'YES' AND code = 0 AND response IS NOT NULL", 60);
                assertThat(archive.number("""
                                        SELECT count(*) FROM run_summary s JOIN batch_job_execution e USING (job_execution_id)
                                        WHERE e.start_time AT TIME ZONE 'UTC' BETWEEN s.began_at AND s.ended_at
                                        """))
                        .as("runs with times in UTC, in any zone of the machine")
                        .isOne();
                assertFilesAreThoseOfTheProvider(archive, practice.provider(), ids);
                assertSidecarsHaveTheResponses(archive, practice.provider(), ids);
            }
        }
    }

    private static void assertFilesAreThoseOfTheProvider(Archive archive, ScriptableSandbox provider, List<String> ids)
            throws Exception {
        assertThat(archive.objects("media/").keySet())
                .containsExactlyInAnyOrderElementsOf(archive.strings("SELECT object_key FROM media_object"));
        for (Map.Entry<String, Long> object : archive.objects("media/").entrySet()) {
            byte[] bytes = archive.read(object.getKey());
            assertThat(archive.strings(
                            "SELECT sha256 || ' ' || size_bytes FROM media_object WHERE object_key = ?",
                            object.getKey()))
                    .containsExactly(DigestUtils.sha256Hex(bytes) + " " + bytes.length);
            String sha256 = DigestUtils.sha256Hex(bytes);
            assertThat(object.getKey()).startsWith("media/" + sha256.substring(0, 2) + "/" + sha256 + ".");
        }
        for (String id : ids) {
            Stream<String> offered = Practice.targetsOf(provider, id).stream()
                    .filter(target -> !target.contains("/discovery/"))
                    .map(target -> provider.mediaBytes("http://" + provider.mediaHost() + target))
                    .map(DigestUtils::sha256Hex);
            List<String> stored =
                    archive.strings("SELECT sha256 FROM note_media WHERE note_id = ? AND state = 'STORED'", id);
            assertThat(stored)
                    .as("files of " + id)
                    .hasSizeGreaterThanOrEqualTo(provider.kind(id) == SandboxNoteKind.TEXT ? 0 : 1);
            assertThat(offered).as("files offered for " + id).containsAll(stored);
        }
        archive.assertNumber("SELECT count(*) FROM note_media WHERE state = 'MISSING'", 0);
    }

    private static void assertSidecarsHaveTheResponses(Archive archive, ScriptableSandbox provider, List<String> ids)
            throws Exception {
        assertThat(archive.objects("notes/").keySet())
                .containsExactlyInAnyOrderElementsOf(archive.strings("SELECT sidecar_key FROM note_capture"));
        for (String id : ids) {
            List<String> keys = List.copyOf(archive.objects("notes/" + id + "/").keySet());
            assertThat(keys).singleElement().asString().matches("notes/" + id + "/\\d{8}T\\d{6}\\.\\d{3}Z\\.json");
            JsonNode sidecar = JSON.readTree(archive.read(keys.getFirst()));
            assertThat(sidecar.get("noteId").stringValue()).isEqualTo(id);
            assertThat(sidecar.get("answer").stringValue().getBytes(StandardCharsets.UTF_8))
                    .isEqualTo(provider.responseBytes(id));
            Set<String> named = new HashSet<>();
            for (JsonNode file : sidecar.get("media")) {
                if (file.get("state").stringValue().equals("STORED")) {
                    named.add(file.get("sha256").stringValue());
                }
            }
            assertThat(named)
                    .containsExactlyInAnyOrderElementsOf(archive.strings(
                            "SELECT DISTINCT sha256 FROM note_media WHERE note_id = ? AND state = 'STORED'", id));
        }
    }

    @Test
    void quotaEndsTheNightAndTheSameInstanceResumesWithANewQuota() {
        try (Practice practice =
                Practice.begin(Place.OUTSIDE, new SandboxSettings(1, 20, Duration.ZERO, Map.of(), false))) {
            List<String> ids = practice.enqueue(50);
            practice.environment().put("ARCHIVE_LOG_FORMAT", "ecs");

            assertLogIsOneObjectALine(practice.call("run").with(3));
            int callsOfTheFirst = practice.provider().calls();
            Ended again = practice.call("run").with(3);

            assertThat(practice.provider().granted()).isEqualTo(20);
            assertThat(again.out()).contains("QUOTA_EXHAUSTED (exit 3)").contains("--force");
            assertThat(practice.provider().calls()).isEqualTo(callsOfTheFirst);

            // other numbers of workers than the instance began with
            practice.environment().put("ARCHIVE_WORKERS", "3");
            practice.provider().script().grants(10);
            practice.call("run", "--force").with(3);
            practice.environment().put("ARCHIVE_WORKERS", "40");
            practice.provider().script().grants(1000);
            practice.call("run", "--force").with(0);

            assertThat(practice.provider().bought()).containsExactlyInAnyOrderElementsOf(ids);
            try (Archive archive = practice.look()) {
                assertThat(archive.states()).isEqualTo(Map.of("ARCHIVED", 50L));
                assertThat(archive.executions())
                        .containsExactly(
                                "1 STOPPED QUOTA_EXHAUSTED", "1 STOPPED QUOTA_EXHAUSTED", "1 COMPLETED COMPLETED");
                archive.assertNumber(
                        "SELECT count(*) FROM batch_step_execution WHERE step_name LIKE 'archiveNotes:%'",
                        Practice.WORKERS + 3 + 40);
                archive.assertNumber("SELECT count(*) FROM batch_job_instance", 1);
                assertThat(archive.counted()).isEmpty();
            }
        }
    }

    private static void assertLogIsOneObjectALine(Ended run) {
        List<JsonNode> lines = run.err()
                .lines()
                .filter(line -> !line.matches("(note-archive|Help): .*")) // no log
                .map(JSON::readTree)
                .toList();
        assertThat(lines)
                .allSatisfy(line -> {
                    assertThat(line.at("/service/name").asString()).isEqualTo("note-archive");
                    assertThat(line.at("/log/level").asString()).isNotEmpty();
                })
                .anySatisfy(line -> {
                    assertThat(line.at("/message").asString()).startsWith("Stopping: QUOTA_EXHAUSTED");
                    assertThat(line.at("/job_execution_id").asString()).isEqualTo("1");
                });
    }

    /** Calls for videos of a night. */
    private static final int ALLOWED = 4;

    @Test
    void requeuedVideosAreBoughtOnceEachDespiteKills() throws Exception {
        try (Practice practice = Practice.begin(Place.OUTSIDE);
                Archive archive = practice.look()) {
            ScriptableSandbox provider = practice.provider();
            List<String> ids = provider.noteIds(SandboxNoteKind.VIDEO_COVER, 6);
            practice.enqueue(ids);
            practice.call("run").with(0);
            assertThat(provider.videoCalls()).isZero();
            assertThat(practice.call("requeue", "--without-video").with(2).message())
                    .contains("nothing was made due", "ARCHIVE_VIDEO_ENABLED=true");
            Program degraded = practice.startWith(Map.of("ARCHIVE_LEDGER_BUYAGAIN", "false"), "requeue", "--degraded");
            assertThat(practice.end(degraded).with(2).message())
                    .contains("nothing was made due", "archive.ledger.buy-again");
            assertThat(archive.states()).isEqualTo(Map.of("ARCHIVED", 6L));
            practice.environment().put("ARCHIVE_VIDEO_ENABLED", "true");
            practice.environment().put("ARCHIVE_VIDEO_CALLS_PER_NIGHT", String.valueOf(ALLOWED));
            assertThat(practice.call("requeue", "--without-video").with(0).out())
                    .contains("6 archived notes");

            killBetweenResponsesAndDownloads(practice);
            String run = practice.call("run").with(6).out();

            assertThat(run).contains("tonight 4 of 4 allowed");
            assertThat(provider.videoCalls()).isEqualTo(ALLOWED);
            assertThat(provider.videosBought()).hasSize(ALLOWED).doesNotHaveDuplicates();
            assertThat(provider.calls()).isEqualTo(6);
            assertThat(archive.states()).isEqualTo(Map.of("ARCHIVED", 4L, "POSTPONED", 2L));
            assertThat(archive.strings(
                            "SELECT DISTINCT note_id FROM note_media WHERE kind = 'VIDEO' AND state = 'STORED'"))
                    .containsExactlyInAnyOrderElementsOf(provider.videosBought());
            archive.assertNumber(
                    "SELECT count(*) FROM api_call WHERE endpoint = 'note-detail/v6'", provider.videoCalls());
            archive.assertNumber("SELECT count(*) FROM api_call WHERE endpoint = 'note-detail/v1'", provider.calls());
            assertThat(archive.objects("notes/").keySet())
                    .hasSize(6 + ALLOWED)
                    .containsAll(archive.strings("SELECT sidecar_key FROM note_capture WHERE sidecar_key IS NOT NULL"));
        }
    }

    private static void killBetweenResponsesAndDownloads(Practice practice) throws InterruptedException {
        ScriptableSandbox provider = practice.provider();
        provider.holdMedia();
        Program run = practice.start("run");
        provider.awaitHeldMedia(ALLOWED, Duration.ofSeconds(120));
        await().atMost(Duration.ofSeconds(60))
                .until(() -> provider.videosBought().size() == ALLOWED);
        assertThat(run.isRunning()).isTrue();
        run.kill();
        provider.releaseMedia();
    }

    /** Of a large response in bytes. */
    private static final int SIZE = 8_000_000;

    @Tag("long")
    @Test
    void manyLargeResponsesAtOnceAreArchivedAndBoughtOnce() {
        try (Practice practice = Practice.begin(Place.OUTSIDE);
                Archive archive = practice.look()) {
            practice.environment().put("_JAVA_OPTIONS", "-Xmx384m");
            practice.environment().put("ARCHIVE_WORKERS", "32");
            practice.environment().put("ARCHIVE_SOURCE_MAXRESPONSESIZE", "16MB");
            List<String> notes = practice.enqueue(12);
            for (int i = 0; i < 12; i++) {
                int kind = i % 3;
                practice.provider().script().always(notes.get(i), Reply.noteWith(note -> enlarge(note, kind)));
            }

            practice.call("run").with(0);

            archive.assertNumber("SELECT count(*) FROM worklist WHERE state = 'ARCHIVED'", 12);
            assertThat(practice.provider().calls()).isEqualTo(12);

            practice.call("requeue", "--state", "ARCHIVED").with(0);
            practice.call("run").with(0);
            practice.call("verify").with(0);

            assertThat(practice.provider().calls())
                    .as("the second run takes them from the ledger")
                    .isEqualTo(12);
        }
    }

    /** A long text, a text of which each character is escaped, or very many values. */
    private static void enlarge(ObjectNode note, int kind) {
        switch (kind) {
            case 0 -> note.put("desc", "山".repeat(SIZE / 3));
            case 1 -> note.put("desc", "\"".repeat(SIZE / 2));
            default -> {
                ArrayNode values = note.putArray("large");
                for (int i = 0; i < 100_000; i++) {
                    values.addObject().put("a value", i);
                    if (i % 2 == 0) {
                        values.add("text " + i);
                        i++;
                    }
                }
            }
        }
    }
}
