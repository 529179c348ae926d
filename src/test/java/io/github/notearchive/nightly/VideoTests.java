package io.github.notearchive.nightly;

import static io.github.notearchive.archive.worklist.NoteState.ARCHIVED;
import static io.github.notearchive.archive.worklist.NoteState.FAILED;
import static io.github.notearchive.archive.worklist.NoteState.PENDING;
import static io.github.notearchive.archive.worklist.NoteState.POSTPONED;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.github.notearchive.archive.catalog.SlotRow;
import io.github.notearchive.archive.query.CallTotals;
import io.github.notearchive.archive.query.NoteStats.CallEntry;
import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.archive.worklist.StateReason;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.maintenance.verify.VerifyRunner.VerifyOptions;
import io.github.notearchive.maintenance.verify.VerifyRunner.VerifySummary;
import io.github.notearchive.note.Billed;
import io.github.notearchive.note.MediaKind;
import io.github.notearchive.sandbox.Reply;
import io.github.notearchive.sandbox.SandboxNoteKind;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.test.annotation.DirtiesContext;
import org.springframework.test.context.TestPropertySource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** A video is bought by a second call with the guarantees of the first; its failures cost the note no other file. */
@BesideNightlyJobTest
@TestPropertySource(properties = {"archive.video.enabled=true", "archive.retry.per-night=3", "archive.workers=4"})
@DirtiesContext // whose connections others need
class VideoTests extends NightFixture {

    private static final String DETAIL = "note-detail/v1";
    private static final String VIDEO = "note-detail/v6";
    private static final Reply NO_NOTE = changed(envelope -> envelope.putArray("data"));

    /** The ledger and the provider agree after each test. */
    @AfterEach
    void ledgerAgreesWithTheProvider() {
        assertThat(calls(DETAIL, "true")).isEqualTo(night.calls());
        assertThat(calls(VIDEO, "true")).isEqualTo(night.provider().videoCalls());
        String sold = "code = 0 AND billed = 'YES'";
        assertThat(calls(DETAIL, sold)).isEqualTo(night.provider().granted());
        assertThat(calls(VIDEO, sold + " OR code IS NULL AND billed = 'UNKNOWN'"))
                .as("with those that were sold and lost")
                .isEqualTo(night.provider().videosBought().size());
    }

    private long calls(String endpoint, String condition) {
        return night.count("SELECT count(*) FROM api_call WHERE endpoint = '" + endpoint + "' AND (" + condition + ")");
    }

    @Test
    void videoNoteIsArchivedWithItsVideoAndSubtitlesByOneMoreCall() {
        String note = videoNoteWithSubtitles();
        JsonNode media = videoOf(note).path("media");

        RunSummary run = night.run(ExitCode.COMPLETED);

        night.assertArchived(List.of(note), 1);
        assertThat(night.provider().videoCalls(note)).isOne();
        assertThat(night.ledger(note))
                .extracting(CallEntry::endpoint, CallEntry::billed, CallEntry::code)
                .containsExactly(tuple(DETAIL, Billed.YES, 0), tuple(VIDEO, Billed.YES, 0));
        assertThat(night.files(note))
                .containsExactly("IMAGE STORED", "VIDEO STORED", "SUBTITLE STORED", "SUBTITLE STORED", "AUDIO STORED");
        SlotRow video = night.video(note);
        assertThat(List.of(video, subtitle(note, 0), subtitle(note, 1)))
                .extracting(SlotRow::identity)
                .containsExactly(media.path("video_id").asString(), "en-US", "zh-CN");
        assertThat(video.rendition()).isEqualTo("h265[1]/master_url");
        assertThat(video.width()).isEqualTo(1080);
        assertThat(video.height()).isEqualTo(1920);
        assertThat(video.checks()).isEqualTo("size match");
        assertStored(video, media.at("/stream/h265/1/master_url"), ".mp4");
        assertStored(subtitle(note, 0), media.at("/video/subtitles/en-US/0/url"), ".vtt");
        assertStored(subtitle(note, 1), media.at("/video/subtitles/zh-CN/0/url"), ".srt");
        assertThat(night.texts("SELECT words FROM note_media WHERE words IS NOT NULL"))
                .hasSize(2)
                .allSatisfy(words -> assertThat(words).startsWith("先把水烧开。"));
        String recommended = night.provider()
                .videoEnvelope(note)
                .at("/data/1/video_info_v2/media/stream/h264/0/master_url")
                .stringValue();
        assertThat(night.provider().mediaRequests(recommended.replaceAll(".*/|_[^_]*$", "")))
                .as("requests for the recommended note's video")
                .isZero();
        assertThat(run.videos()).isEqualTo(new RunSummary.VideoSummary(true, new CallTotals.Bill(1, 1, 0), 1, 0));
        assertThat(run.bill().calls()).isEqualTo(2);
    }

    @ParameterizedTest
    @CsvSource({"COMPLETED, ARCHIVED, STORED", "INCOMPLETE, POSTPONED, MISSING DEAD"})
    void languageWithANulCostsTheNoteNothing(ExitCode exit, NoteState state, String subtitle) {
        String note = videoNoteWithSubtitles();
        answersVideo(note, changed(envelope -> {
            ObjectNode languages = (ObjectNode) envelope.at("/data/0/video_info_v2/media/video/subtitles");
            JsonNode english = languages.get("en-US");
            languages.removeAll().set("zh\u0000", english);
        }));
        if (state == POSTPONED) {
            media("/subtitle/", Reply.status(403));
        }

        night.run(exit);

        assertThat(night.state(note)).isEqualTo(state);
        assertThat(night.files(note))
                .containsExactly("IMAGE STORED", "VIDEO STORED", "SUBTITLE " + subtitle, "AUDIO STORED");
        assertThat(subtitle(note, 0).identity()).isEqualTo("#0");
    }

    @Test
    void bothResponsesAreCapturedWithTheirExactBytesInTheBucket() {
        String note = videoNote();
        answersVideo(note, Reply.noteWith(answer -> {
            answer.remove("liked_count");
            answer.put("title", "another title").putNull("user");
        }));

        night.run(ExitCode.COMPLETED);

        JsonNode detail = night.provider().envelope(note).at("/data/0/note_list/0");
        assertThat(night.texts("SELECT title || ' ' || liked_count FROM note WHERE author_id IS NOT NULL"))
                .containsExactly(detail.path("title").stringValue() + " " + detail.path("liked_count"));
        var sidecars = night.objects("notes/" + note + "/");
        assertThat(night.texts("""
                        SELECT concat_ws(' ', endpoint, liked_count IS NULL, collected_count IS NULL, sidecar_key)
                        FROM note_capture n JOIN api_call c ON c.id = n.call_id ORDER BY captured_at
                        """))
                .containsExactly(DETAIL + " f f " + sidecars.firstKey(), VIDEO + " t f " + sidecars.lastKey());
        assertSidecar(sidecars.firstEntry().getValue(), DETAIL, night.provider().responseBytes(note), "IMAGE", "AUDIO");
        assertSidecar(sidecars.lastEntry().getValue(), VIDEO, night.provider().videoResponseBytes(note), "VIDEO");
        assertThat(night.count("""
                        SELECT count(*) FROM note_media m JOIN note_capture c USING (note_id, captured_at)
                                                          JOIN api_call a ON a.id = c.call_id
                        WHERE (m.kind IN ('VIDEO', 'SUBTITLE')) <> (a.endpoint = 'note-detail/v6')
                        """)).as("files of the other answer").isZero();
    }

    private static void assertSidecar(byte[] json, String endpoint, byte[] answer, String... kinds) {
        JsonNode sidecar = new JsonMapper().readTree(json);
        assertThat(sidecar.at("/call/endpoint").stringValue()).isEqualTo(endpoint);
        assertThat(sidecar.path("answer").stringValue().getBytes(UTF_8)).isEqualTo(answer);
        assertThat(sidecar.path("media")
                        .valueStream()
                        .map(file -> file.path("kind").stringValue())
                        .distinct())
                .containsExactlyInAnyOrder(kinds);
    }

    /** Also of a note whose video response the ledger no longer has. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void lostSidecarsAreWrittenAgainAsTheyWere(boolean isVideoHeld) throws Exception {
        String note = videoNoteWithSubtitles();
        night.run(ExitCode.COMPLETED);
        var before = night.objects("notes/" + note + "/");
        List<String> lost = new ArrayList<>(before.keySet());
        if (!isVideoHeld) {
            night.update("UPDATE api_call SET response = NULL WHERE endpoint = ?", VIDEO);
            lost.removeLast();
        }
        for (String key : lost) {
            Files.delete(night.bucket().resolve(key));
        }
        night.clock().set(night.clock().instant().plusSeconds(60));

        VerifySummary audit = repair(0);

        assertThat(audit.repairs().sidecarsRewritten()).as(audit.toString()).isEqualTo(lost.size());
        assertThat(night.objects("notes/" + note + "/"))
                .usingRecursiveComparison()
                .isEqualTo(before);
    }

    @Test
    void damagedVideoIsBoughtAgainByARepairIfItsResponseIsOld() throws Exception {
        String note = videoNoteWithSubtitles();
        night.run(ExitCode.COMPLETED);
        Path video = objectOf(note);
        Files.delete(video);
        night.isDaysLater(9);

        repair(1);
        night.run(ExitCode.COMPLETED);

        assertThat(night.provider().videoCalls(note)).isEqualTo(2);
        assertArchivedWithVideo(note);
        assertThat(video).exists();
    }

    @Test
    void damagedVideoThatTheProviderNoLongerOffersIsKeptAndNotFetchedAgain() throws Exception {
        String note = videoNoteWithSubtitles();
        night.run(ExitCode.COMPLETED);
        SlotRow before = night.video(note);
        byte[] bytes = Files.readAllBytes(objectOf(note));
        bytes[bytes.length / 2] ^= 1;
        Files.write(objectOf(note), bytes);
        night.isDaysLater(9);
        repair(1);
        answersVideo(note, Reply.code(404));

        night.run(ExitCode.COMPLETED);

        assertThat(night.provider().videoCalls(note)).isEqualTo(2);
        assertArchivedWithVideo(note);
        assertThat(night.video(note).media()).isEqualTo(before.media());
        assertThat(night.video(note).damage()).isEqualTo("CORRUPT");

        night.isDaysLater(9);
        VerifySummary later = verifier.verify(new VerifyOptions(null, true, true, "main"));

        assertThat(later.repairs().notesMadeDue()).as(later.toString()).isZero();
        assertThat(later.repairs().notPossible()).isOne();
        assertThat(night.texts("SELECT repair FROM fixity_finding"))
                .singleElement()
                .asString()
                .contains("no run can store it again", note);
        assertThat(objectOf(note)).exists();
    }

    @Test
    void videoOfANoteWithoutVideoOrWithStreamsIsNeverFetched() {
        List<String> notes = new ArrayList<>();
        for (SandboxNoteKind kind : SandboxNoteKind.values()) {
            if (kind != SandboxNoteKind.VIDEO_COVER) {
                notes.addAll(night.pending(kind, 2));
            }
        }

        RunSummary run = night.run(ExitCode.COMPLETED);

        assertThat(night.states(notes)).containsOnly(ARCHIVED);
        assertThat(night.provider().videoCalls()).isZero();
        assertThat(run.videos().bill().calls()).isZero();
    }

    @Test
    void eachNoteGetsTheFilesOfItsOwnSecondCall() {
        List<String> notes = night.pending(SandboxNoteKind.VIDEO_COVER, 7);
        String otherMd5 = notes.get(0);
        String nameless = notes.get(1);
        String streamless = notes.get(2);
        String gone = notes.get(3);
        String gonePerhapsBilled = notes.get(4);
        String lost = notes.get(5);
        String deadMaster = notes.get(6);
        answersVideo(
                otherMd5,
                changed(envelope -> ((ObjectNode) envelope.at("/data/0/video_info_v2/media/video"))
                        .put("md5", "0123456789abcdef0123456789abcdef")));
        answersVideo(nameless, changed(envelope -> {
            ((ArrayNode) envelope.path("data")).remove(1);
            ((ObjectNode) envelope.at("/data/0")).remove("id");
        }));
        answersVideo(streamless, Reply.noteWith(note -> note.remove("video_info_v2")));
        answersVideo(gone, Reply.code(201));
        answersVideo(gonePerhapsBilled, Reply.code(202));
        answersVideo(lost, Reply.lost(), Reply.normal());
        String largest = videoOf(deadMaster)
                .at("/media/stream/h265/1/master_url")
                .stringValue()
                .replaceAll(".*/", "");
        night.script().media(target -> target.contains(largest) && !target.contains("/backup/"), Reply.status(403));

        RunSummary run = night.run(ExitCode.COMPLETED);

        night.assertArchived(notes, notes.size());
        assertThat(run.videos()).isEqualTo(new RunSummary.VideoSummary(true, new CallTotals.Bill(8, 6, 2), 8, 0));
        assertThat(notes)
                .extracting(note -> night.files(note).get(1))
                .containsExactly(
                        "VIDEO STORED",
                        "VIDEO STORED",
                        "VIDEO WAIVED NOT_OFFERED_BY_V6",
                        "VIDEO WAIVED NOT_OFFERED_BY_V6",
                        "VIDEO WAIVED NOT_OFFERED_BY_V6",
                        "VIDEO STORED",
                        "VIDEO STORED");
        assertThat(run.files().differing()).isOne();
        assertThat(night.video(otherMd5).checks())
                .as("a hint, and no failure")
                .isEqualTo("size match, md5 mismatch in two downloads");
        assertThat(night.bills(gone)).containsExactly("YES", "YES");
        assertThat(night.bills(gonePerhapsBilled)).containsExactly("YES", "UNKNOWN");
        assertThat(night.bills(lost)).containsExactly("YES", "UNKNOWN", "YES");
        assertThat(List.of(streamless, gone, gonePerhapsBilled))
                .as("sidecars of responses that were paid for")
                .extracting(note -> night.objects("notes/" + note).size())
                .containsExactly(2, 2, 1);
        assertThat(night.video(deadMaster).rendition()).isEqualTo("h265[1]/backup_urls[1]");
        assertThat(night.provider().mediaRequests(largest))
                .as("the first backup is the master once more")
                .isEqualTo(2);
    }

    /** A failed collection counts as an attempt, a rate limit does not. */
    @ParameterizedTest
    @CsvSource({"301, 1", "302, 0"})
    void videoIsFetchedAgainInTheSameNightAndTheNoteItselfIsNot(int code, int attempts) {
        String note = videoNote();
        answersVideo(note, Reply.code(code), Reply.normal());

        RunSummary run = night.run(ExitCode.COMPLETED);

        assertArchivedWithVideo(note);
        assertThat(night.bills(note)).containsExactly("YES", "NO", "YES");
        assertThat(night.calls(note)).isOne();
        assertThat(night.note(note).attempts()).isEqualTo(attempts);
        assertThat(run.notes().postponed()).isEqualTo(attempts);
        assertThat(run.notes().released()).isEqualTo(1 - attempts);
    }

    @Test
    void permanentCode301LeavesTheNoteWithItsFilesWithinTheLimitsOfRetries() {
        String note = videoNote();
        answersVideo(note, Reply.code(301));

        night.run(ExitCode.INCOMPLETE);

        assertThat(night.state(note)).isEqualTo(POSTPONED);
        assertThat(night.note(note).lastCode()).isEqualTo(301);
        assertThat(night.note(note).attempts()).isEqualTo(3);
        assertThat(night.note(note).dueAt()).isEqualTo(night.midnight());
        assertWaits(note, "code 301");
        assertThat(night.provider().videoCalls(note)).isEqualTo(3);

        night.update("UPDATE worklist SET attempts = 23");
        night.isNextDay();
        night.run(ExitCode.INCOMPLETE);

        night.assertNote(note, FAILED, StateReason.RETRIES_EXHAUSTED, "25 calls without success", "VIDEO 0");
        assertWaits(note, "code 301");
        assertThat(night.provider().videoCalls(note)).isEqualTo(5);
        assertThat(night.calls(note)).isOne();

        assertThat(waive(note, MediaKind.VIDEO, 0, "not for sale")).isZero();
        assertThat(night.state(note)).isEqualTo(ARCHIVED);

        night.script().clear();
        night.requeue(note);
        night.run(ExitCode.COMPLETED);

        assertThat(night.video(note).reason()).isEqualTo("not for sale");
        assertThat(night.provider().videoCalls(note))
                .as("waived by an operator")
                .isEqualTo(5);
    }

    @Test
    void usedUpQuotaEndsTheNightAndTheNoteKeepsItsFiles() {
        String note = videoNote();
        night.script().grantsVideos(0);

        RunSummary run = night.run(ExitCode.QUOTA_EXHAUSTED);

        assertThat(run.reason()).contains("for a video", "code 303");
        assertThat(night.rows("source_gate WHERE code = 303")).isOne();
        assertThat(night.state(note)).isEqualTo(PENDING);
        assertWaits(note, "code 303");
        int requests = night.provider().mediaRequests();

        night.run(ExitCode.QUOTA_EXHAUSTED);
        assertThat(night.provider().videoCalls()).isOne();

        night.script().unlimited();
        night.isNextDay();
        night.run(ExitCode.COMPLETED);

        assertArchivedWithVideo(note);
        assertThat(night.calls(note)).isOne();
        assertThat(night.provider().mediaRequests("1040g")).as("the cover").isEqualTo(1);
        assertThat(night.provider().mediaRequests()).isGreaterThan(requests);
    }

    @Test
    void releasedNoteWhoseRowsCannotBeWrittenFailsAndTheRunEndsAsItWould() throws Exception {
        String note = videoNote();
        night.script().grantsVideos(0);
        String message = "index row size 6016 exceeds maximum 2704";

        RunSummary run = night.refusing("INSERT ON note_media", "true", "54000", message, 9, night::run);

        assertEnded(run, ExitCode.QUOTA_EXHAUSTED);
        assertThat(run.notes().failed()).isOne();
        assertThat(run.notes().released()).isZero();
        assertThat(run.files().stored()).isZero();
        night.assertNote(note, FAILED, StateReason.WRITE_FAILED, "index row size 6016");
        assertThat(night.slots(note)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "100, BLOCKED_TOKEN, PENDING",
        "600, BLOCKED_PERMISSION, PENDING",
        "601, BLOCKED_BALANCE, PENDING",
        "602, BLOCKED_BALANCE, PENDING",
        "400, INCOMPLETE, FAILED"
    })
    void blockedOrRejectedCallOfAVideoIsReportedAndLeavesTheNoteUnchanged(int code, ExitCode exit, NoteState state) {
        String note = videoNote();
        answersVideo(note, Reply.code(code));

        RunSummary run = night.run(exit);

        if (state == FAILED) {
            night.assertNote(note, FAILED, StateReason.MEDIA_INCOMPLETE, "VIDEO 0", "code " + code);
        } else {
            assertThat(run.reason()).contains("for a video", "code " + code);
            assertThat(night.state(note)).isEqualTo(state);
        }
        assertWaits(note, "code " + code);
        assertThat(night.provider().videoCalls()).isOne();
    }

    @Test
    void successWithoutTheNoteIsConfirmedByACallOnALaterNight() {
        List<String> notes = night.pending(SandboxNoteKind.VIDEO_COVER, 3);
        answersVideo(notes.get(0), NO_NOTE);
        answersVideo(notes.get(1), Reply.noteWith(note -> note.put("id", "66aa000000000000000000aa")));
        answersVideo(
                notes.get(2),
                Reply.noteWith(note -> note.put("model_type", "error").remove("id")));

        night.run(ExitCode.INCOMPLETE);

        assertThat(night.states(notes)).containsOnly(POSTPONED);
        notes.forEach(note -> assertWaits(note, "not in the answer"));
        assertThat(night.count("SELECT sum(attempts + media_attempts) FROM worklist"))
                .isZero();
        night.run(ExitCode.COMPLETED);
        assertThat(night.provider().videoCalls()).as("the same night").isEqualTo(3);

        night.isNextDay();
        night.run(ExitCode.COMPLETED);

        night.assertArchived(notes, 3);
        assertThat(notes)
                .extracting(night::files)
                .containsOnly(List.of("IMAGE STORED", "VIDEO WAIVED NOT_OFFERED_BY_V6", "AUDIO STORED"));
        assertThat(night.provider().videoCalls()).isEqualTo(6);
        assertThat(night.objects("media/").keySet()).noneMatch(key -> key.endsWith(".mp4"));

        night.isNextDay();
        night.script().clear();
        night.requeue(notes.getFirst());
        night.run(ExitCode.COMPLETED);

        assertArchivedWithVideo(notes.getFirst());
        assertThat(night.calls()).as("asked again by an operator").isEqualTo(3);
    }

    @Test
    void downloadThatFailsBuysNothingAgain() {
        String note = videoNote();
        media("/stream/", Reply.status(500));

        night.run(ExitCode.INCOMPLETE);

        assertThat(night.state(note)).isEqualTo(POSTPONED);
        assertThat(night.files(note)).containsExactly("IMAGE STORED", "VIDEO MISSING RETRY", "AUDIO STORED");
        assertThat(night.rows("note_capture")).isEqualTo(2);

        night.script().clear();
        night.isDaysLater(6);
        night.run(ExitCode.COMPLETED);

        assertArchivedWithVideo(note);
        assertThat(night.bills(note)).as("of both calls").containsExactly("YES", "YES");
    }

    @Test
    void expiredUrlsOfTheVideoBuyTheVideoResponseAgainAndNotTheNote() {
        String note = videoNoteWithDeadStreams();
        assertThat(night.provider().videoCalls(note)).isOne();

        night.isNextDay();
        RunSummary second = night.run(ExitCode.INCOMPLETE);

        assertThat(second.boughtAgain()).isOne();
        night.assertNote(note, FAILED, StateReason.MEDIA_INCOMPLETE, "VIDEO 0 GONE");
        assertThat(night.files(note)).containsExactly("IMAGE STORED", "VIDEO MISSING GONE", "AUDIO STORED");
        assertThat(night.provider().videoCalls(note)).isEqualTo(2);
        assertThat(night.calls(note)).isOne();
    }

    /** Code of a call for a video that brings none, 0 for success without the note; calls of a night that try it. */
    @ParameterizedTest
    @CsvSource({"301, code 301, 3", "500, code 500, 3", "0, not in the answer, 1"})
    void expiredUrlsAreRecordedUntilANewResponseArrives(int code, String detail, int calls) {
        String note = videoNoteWithDeadStreams();
        int requests = night.provider().mediaRequests(".mp4");

        night.isNextDay();
        answersVideo(note, code == 0 ? NO_NOTE : Reply.code(code));
        night.run(ExitCode.INCOMPLETE);

        night.assertNote(
                note, POSTPONED, StateReason.URLS_EXPIRED, "VIDEO 0 DEAD", "HTTP 403", "a new response", detail);
        assertThat(night.video(note).reason()).isEqualTo("DEAD");
        assertThat(night.provider().mediaRequests(".mp4"))
                .as("expired URLs are not requested before there are others")
                .isEqualTo(requests);
        assertThat(night.provider().videoCalls(note)).isEqualTo(1 + calls);

        night.isNextDay();
        answersVideo(note, Reply.normal());
        night.run(ExitCode.INCOMPLETE);

        night.assertNote(note, FAILED, StateReason.MEDIA_INCOMPLETE, "VIDEO 0 GONE");
        assertThat(night.video(note).reason()).isEqualTo("GONE");
        assertThat(night.provider().mediaRequests(".mp4")).isEqualTo(2 * requests);

        night.isNextDay();
        night.run(ExitCode.COMPLETED);
        assertThat(night.provider().videoCalls(note)).isEqualTo(2 + calls);
        assertThat(night.calls(note)).isOne();
    }

    @Test
    void successWithoutTheNoteIsConfirmedTheSecondTimeThoughAnOlderResponseIsStored() {
        String note = videoNoteWithDeadStreams();
        answersVideo(note, NO_NOTE);
        night.isNextDay();
        night.run(ExitCode.INCOMPLETE);
        night.isNextDay();

        night.run(ExitCode.COMPLETED);

        assertThat(night.state(note)).isEqualTo(ARCHIVED);
        assertThat(night.video(note).reason()).isEqualTo("NOT_OFFERED_BY_V6");
        assertThat(night.provider().videoCalls(note)).isEqualTo(3);
    }

    @Test
    void expiredSubtitlesDoNotFailPermanentlyUntilANewResponseArrives() {
        String note = videoNoteWithSubtitles();
        media("/subtitle/zh-CN/", Reply.status(403));
        night.run(ExitCode.INCOMPLETE);
        assertThat(night.files(note)).contains("VIDEO STORED");

        night.isNextDay();
        answersVideo(note, Reply.code(301));
        night.run(ExitCode.INCOMPLETE);

        assertThat(night.state(note)).isEqualTo(POSTPONED);
        assertThat(night.files(note))
                .containsExactly(
                        "IMAGE STORED", "VIDEO STORED", "SUBTITLE STORED", "SUBTITLE MISSING DEAD", "AUDIO STORED");

        night.isNextDay();
        night.script().clear();
        night.run(ExitCode.COMPLETED);

        assertThat(night.files(note)).hasSize(5).allMatch(file -> file.endsWith(" STORED"));
        assertThat(night.provider().mediaRequests("_115.mp4")).as("the video").isOne();
    }

    @Test
    void bothResponsesAndTheirFilesAreRebuiltFromTheBucketAlone() {
        String note = videoNoteWithSubtitles();
        media("1040g", Reply.status(403));
        media("/subtitle/zh", Reply.status(503));
        night.run(ExitCode.INCOMPLETE);
        assertThat(night.files(note)).contains("IMAGE MISSING DEAD", "VIDEO STORED");
        night.script().clear();
        media("/subtitle/zh", Reply.status(503));
        String plain = find(SandboxNoteKind.VIDEO_COVER, id -> !id.equals(note));
        night.pending(List.of(plain));
        night.isNextDay();
        night.run(ExitCode.INCOMPLETE);
        assertThat(night.calls(note)).as("its cover was dead").isEqualTo(2);
        assertThat(night.provider().videoCalls(note)).isOne();
        assertThat(night.files(note)).contains("SUBTITLE STORED", "SUBTITLE MISSING RETRY");
        assertThat(night.state(plain)).isEqualTo(ARCHIVED);

        assertRebuiltAsTheyAre();

        night.script().clear();
        night.isNextDay();
        night.run(ExitCode.COMPLETED);
        assertThat(night.state(note)).isEqualTo(ARCHIVED);
        assertThat(night.provider().videoCalls(note)).isOne();
    }

    @Test
    void errorPageInPlaceOfSubtitlesIsNotStored() {
        String note = videoNoteWithSubtitles();
        media("/subtitle/zh-CN/", Reply.bytes("application/x-subrip", "<html>gone".getBytes(UTF_8)));
        media("/subtitle/en-US/", Reply.bytes("text/vtt", new byte[9]));

        night.run(ExitCode.INCOMPLETE);

        assertThat(night.state(note)).isEqualTo(POSTPONED);
        assertThat(night.files(note)).contains("VIDEO STORED");
        assertThat(subtitle(note, 0).error()).contains("unknown media type");
        assertThat(subtitle(note, 1).error()).contains("HTML or XML");
        assertThat(night.objects("media/").keySet()).noneMatch(key -> key.endsWith(".srt") || key.endsWith(".vtt"));

        assertThat(waive(note, MediaKind.SUBTITLE, 0, "none")).isOne();
        assertThat(waive(note, MediaKind.SUBTITLE, 1, "none")).isZero();
        assertThat(night.objects("notes/")).as("sidecars").hasSize(2);
    }

    private String videoNote() {
        return night.pending(SandboxNoteKind.VIDEO_COVER, 1).getFirst();
    }

    /** A note whose first night ended with expired URLs of its video. */
    private String videoNoteWithDeadStreams() {
        String note = videoNote();
        media("/stream/", Reply.status(403));
        night.run(ExitCode.INCOMPLETE);
        assertThat(night.video(note).reason()).isEqualTo("DEAD");
        return note;
    }

    /** With subtitles in two languages. */
    private String videoNoteWithSubtitles() {
        return night.pending(List.of(find(
                        SandboxNoteKind.VIDEO_COVER,
                        id -> videoOf(id).at("/media/video/subtitles").has("en-US"))))
                .getFirst();
    }

    private JsonNode videoOf(String note) {
        return night.provider().videoEnvelope(note).at("/data/0/video_info_v2");
    }

    private SlotRow subtitle(String note, int ordinal) {
        return night.slots(note, MediaKind.SUBTITLE).get(ordinal);
    }

    private Path objectOf(String note) {
        return night.bucket().resolve(night.video(note).media().key().value());
    }

    private static Reply changed(Consumer<ObjectNode> change) {
        return Reply.note(envelope -> {
            change.accept(envelope);
            return envelope;
        });
    }

    private void answersVideo(String note, Reply... replies) {
        night.script().answersVideo(note, replies);
    }

    private void media(String part, Reply reply) {
        night.script().media(target -> target.contains(part), reply);
    }

    private void assertStored(SlotRow slot, JsonNode url, String ending) {
        String key = slot.media().key().value();
        assertThat(key).endsWith(ending);
        assertThat(night.objects(key).get(key)).isEqualTo(night.provider().mediaBytes(url.stringValue()));
    }

    private void assertArchivedWithVideo(String note) {
        assertThat(night.state(note)).isEqualTo(ARCHIVED);
        assertThat(night.files(note)).contains("VIDEO STORED");
    }

    /** The note has everything but its video, for which there is a reason. */
    private void assertWaits(String note, String reason) {
        assertThat(night.files(note)).containsExactly("IMAGE STORED", "VIDEO MISSING NO_ANSWER", "AUDIO STORED");
        assertThat(night.video(note).error()).contains(reason);
        assertThat(night.provider().mediaRequests(".mp4")).isZero();
        assertThat(night.text("SELECT count(*) FROM note_capture WHERE note_id = :note", note))
                .isEqualTo("1");
    }
}
