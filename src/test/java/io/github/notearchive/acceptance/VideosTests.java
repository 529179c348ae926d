package io.github.notearchive.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.notearchive.sandbox.SandboxNoteKind;
import io.github.notearchive.sandbox.ScriptableSandbox;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Videos are switched on for what is archived already, and a process that is killed costs none. */
@ExtendWith(OutsideServers.Running.class)
class VideosTests {

    private static final int NOTES = 6;
    private static final int ALLOWED = 4;

    @Test
    void videosOfArchivedNotesAreBoughtAfterARequeueOnceEachHoweverOftenTheProgramIsKilled() throws Exception {
        try (Practice practice = Practice.begin(Place.OUTSIDE);
                Archive archive = practice.look()) {
            ScriptableSandbox provider = practice.provider();
            List<String> ids = provider.noteIds(SandboxNoteKind.VIDEO_COVER, NOTES);
            practice.enqueue(ids);
            practice.call("run").with(0);
            assertThat(provider.videoCalls()).isZero();
            practice.environment().put("ARCHIVE_VIDEO_ENABLED", "true");
            practice.environment().put("ARCHIVE_VIDEO_CALLS_PER_NIGHT", String.valueOf(ALLOWED));
            assertThat(practice.call("requeue", "--without-video").with(0).out())
                    .contains(NOTES + " archived notes");

            killBetweenAnswersAndDownloads(practice);
            String run = practice.call("run").with(6).out();

            assertThat(run).contains("tonight 4 of 4 allowed");
            assertThat(provider.videoCalls()).isEqualTo(ALLOWED);
            assertThat(provider.videosBought()).hasSize(ALLOWED).doesNotHaveDuplicates();
            assertThat(provider.calls()).isEqualTo(NOTES);
            assertThat(archive.states()).isEqualTo(Map.of("ARCHIVED", 4L, "POSTPONED", 2L));
            assertThat(archive.strings(
                            "SELECT DISTINCT note_id FROM note_media WHERE kind = 'VIDEO' AND state = 'STORED'"))
                    .containsExactlyInAnyOrderElementsOf(provider.videosBought());
            archive.assertNumber(
                    "SELECT count(*) FROM api_call WHERE endpoint = 'note-detail/v6'", provider.videoCalls());
            archive.assertNumber("SELECT count(*) FROM api_call WHERE endpoint = 'note-detail/v1'", provider.calls());
            assertThat(archive.objects("notes/").keySet())
                    .hasSize(NOTES + ALLOWED)
                    .containsAll(archive.strings("SELECT sidecar_key FROM note_capture WHERE sidecar_key IS NOT NULL"));
        }
    }

    private static void killBetweenAnswersAndDownloads(Practice practice) throws InterruptedException {
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
}
