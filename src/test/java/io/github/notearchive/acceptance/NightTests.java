package io.github.notearchive.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.acceptance.Program.Ended;
import io.github.notearchive.sandbox.SandboxNoteKind;
import io.github.notearchive.sandbox.SandboxSettings;
import io.github.notearchive.sandbox.ScriptableSandbox;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A list of ids becomes an archive; a quota, a second night's work. */
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
                        .as("runs with times in UTC, whatever the zone of the machine")
                        .isOne();
                assertFilesAreThoseOfTheProvider(archive, practice.provider(), ids);
                assertSidecarsHoldTheAnswers(archive, practice.provider(), ids);
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
                    .containsExactly(sha256(bytes) + " " + bytes.length);
            assertThat(object.getKey())
                    .startsWith("media/" + sha256(bytes).substring(0, 2) + "/" + sha256(bytes) + ".");
        }
        for (String id : ids) {
            Set<String> offered = new HashSet<>();
            collectDigests(provider.envelope(id), provider, offered);
            List<String> stored =
                    archive.strings("SELECT sha256 FROM note_media WHERE note_id = ? AND state = 'STORED'", id);
            assertThat(stored)
                    .as("files of " + id)
                    .hasSizeGreaterThanOrEqualTo(provider.kind(id) == SandboxNoteKind.TEXT ? 0 : 1);
            assertThat(offered).as("files offered for " + id).containsAll(stored);
        }
        archive.assertNumber("SELECT count(*) FROM note_media WHERE state = 'MISSING'", 0);
    }

    private static void collectDigests(JsonNode node, ScriptableSandbox provider, Set<String> digests)
            throws Exception {
        String text = node.isString() ? node.stringValue() : "";
        if (text.startsWith("http://" + provider.mediaHost()) && !text.contains("/discovery/")) {
            digests.add(sha256(provider.mediaBytes(text)));
        }
        for (JsonNode child : node) {
            collectDigests(child, provider, digests);
        }
    }

    private static void assertSidecarsHoldTheAnswers(Archive archive, ScriptableSandbox provider, List<String> ids)
            throws Exception {
        assertThat(archive.objects("notes/").keySet())
                .containsExactlyInAnyOrderElementsOf(archive.strings("SELECT sidecar_key FROM note_capture"));
        for (String id : ids) {
            List<String> keys = List.copyOf(archive.objects("notes/" + id + "/").keySet());
            assertThat(keys).singleElement().asString().matches("notes/" + id + "/\\d{8}T\\d{6}\\.\\d{3}Z\\.json");
            JsonNode sidecar = JSON.readTree(archive.read(keys.getFirst()));
            assertThat(sidecar.get("noteId").stringValue()).isEqualTo(id);
            assertThat(sidecar.get("answer").stringValue().getBytes(StandardCharsets.UTF_8))
                    .isEqualTo(provider.answerBytes(id));
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

    private static String sha256(byte[] bytes) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    }

    @Test
    void aQuotaEndsTheNightAndTheSameInstanceGoesOnWithNewGrants() {
        try (Practice practice =
                Practice.begin(Place.OUTSIDE, SandboxSettings.defaults().withQuota(20))) {
            List<String> ids = practice.enqueue(50);
            practice.environment().put("ARCHIVE_LOG_FORMAT", "ecs");

            assertLogIsOneObjectALine(practice.call("run").with(3));
            int callsOfTheFirst = practice.provider().calls();
            Ended again = practice.call("run").with(3);

            assertThat(practice.provider().granted()).isEqualTo(20);
            assertThat(again.out()).contains("QUOTA_EXHAUSTED (exit 3)").contains("--force");
            assertThat(practice.provider().calls()).isEqualTo(callsOfTheFirst);

            practice.provider().script().grants(1000);
            practice.call("run", "--force").with(0);

            assertThat(practice.provider().bought()).containsExactlyInAnyOrderElementsOf(ids);
            try (Archive archive = practice.look()) {
                assertThat(archive.states()).isEqualTo(Map.of("ARCHIVED", 50L));
                assertThat(archive.executions()).containsExactly("1 STOPPED QUOTA_EXHAUSTED", "1 COMPLETED COMPLETED");
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
}
