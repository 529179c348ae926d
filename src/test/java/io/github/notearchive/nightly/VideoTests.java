package io.github.notearchive.nightly;

import static io.github.notearchive.archive.worklist.NoteState.ARCHIVED;
import static io.github.notearchive.archive.worklist.NoteState.FAILED;
import static io.github.notearchive.archive.worklist.NoteState.PENDING;
import static io.github.notearchive.archive.worklist.NoteState.POSTPONED;
import static io.github.notearchive.nightly.NightlyScenario.assertEnded;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.github.notearchive.ArchiveRows;
import io.github.notearchive.archive.catalog.SlotRow;
import io.github.notearchive.archive.catalog.SlotState;
import io.github.notearchive.archive.stats.CallTotals;
import io.github.notearchive.archive.stats.NoteStats.CallEntry;
import io.github.notearchive.archive.worklist.StateReason;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.maintenance.rebuild.RebuildRunner;
import io.github.notearchive.maintenance.rebuild.RebuildRunner.RebuildSummary;
import io.github.notearchive.maintenance.verify.VerifyRunner;
import io.github.notearchive.maintenance.verify.VerifyRunner.VerifyOptions;
import io.github.notearchive.maintenance.verify.VerifyRunner.VerifySummary;
import io.github.notearchive.maintenance.waive.Waiver;
import io.github.notearchive.note.Billed;
import io.github.notearchive.note.MediaKind;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.sandbox.MediaReply;
import io.github.notearchive.sandbox.Reply;
import io.github.notearchive.sandbox.SandboxNoteKind;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.test.annotation.DirtiesContext;
import org.springframework.test.context.TestPropertySource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * For whoever pays for videos, a note's video is bought by one call more, under all the guarantees of the first, and
 * nothing that goes wrong with it costs the note what that one brought.
 */
@BesideNightlyJobTest
@TestPropertySource(properties = {"archive.video.enabled=true", "archive.retry.per-night=3", "archive.workers=4"})
@DirtiesContext // whose connections others need
class VideoTests {

    private static final JsonMapper JSON = new JsonMapper();
    private static final String DETAIL = "note-detail/v1";
    private static final String VIDEO = "note-detail/v6";

    @Autowired
    NightlyScenario night;

    @Autowired
    Waiver waiver;

    @Autowired
    VerifyRunner verifier;

    @Autowired
    RebuildRunner rebuild;

    /** Whatever a test did: what we say of our calls is what the provider says of them. */
    @AfterEach
    void theLedgerAgreesWithTheProvider() {
        Map<String, Long> sent = Map.of(DETAIL, sent(DETAIL), VIDEO, sent(VIDEO));
        assertThat(sent)
                .isEqualTo(Map.of(
                        DETAIL, (long) night.calls(),
                        VIDEO, (long) night.provider().videoCalls()));
        assertThat(sold(DETAIL)).as("notes sold").isEqualTo(night.provider().granted());
        assertThat(sold(VIDEO) + lost())
                .as("videos sold")
                .isEqualTo(night.provider().videosBought().size());
    }

    @Test
    void videoNoteIsArchivedWithItsVideoAndSubtitlesByOneMoreCall() {
        String note = videoNoteWithSubtitles();
        JsonNode media = videoOf(night.provider().videoEnvelope(note)).path("media");

        RunSummary run = night.run(ExitCode.COMPLETED);

        assertThat(night.state(note)).isEqualTo(ARCHIVED);
        assertThat(night.calls(note)).isOne();
        assertThat(night.provider().videoCalls(note)).isOne();
        assertThat(night.ledger(note))
                .extracting(CallEntry::endpoint, CallEntry::billed, CallEntry::code)
                .containsExactly(tuple(DETAIL, Billed.YES, 0), tuple(VIDEO, Billed.YES, 0));
        SlotRow video = night.video(note);
        assertThat(video.state()).isEqualTo(SlotState.STORED);
        assertThat(video.reason()).isNull();
        assertThat(video.rendition()).isEqualTo("h265[1]/master_url");
        assertThat(video.identity()).isEqualTo(media.path("video_id").asString());
        assertThat(video.width()).isEqualTo(1080);
        assertThat(video.height()).isEqualTo(1920);
        assertThat(video.checks()).isEqualTo("size match");
        assertStored(video, media.at("/stream/h265/1/master_url").stringValue(), ".mp4");
        List<SlotRow> subtitles = night.slots(note, MediaKind.SUBTITLE);
        assertThat(subtitles).extracting(SlotRow::identity).containsExactly("en-US", "zh-CN");
        assertStored(
                subtitles.getFirst(), media.at("/video/subtitles/en-US/0/url").stringValue(), ".vtt");
        assertStored(
                subtitles.getLast(), media.at("/video/subtitles/zh-CN/0/url").stringValue(), ".srt");
        assertThat(night.slots(note))
                .extracting(SlotRow::kind)
                .containsExactly(
                        MediaKind.IMAGE, MediaKind.VIDEO, MediaKind.SUBTITLE, MediaKind.SUBTITLE, MediaKind.AUDIO);
        assertThat(night.provider().mediaRequests(recommendedName(note)))
                .as("requests for the recommended note's video")
                .isZero();
        assertThat(run.videos())
                .isEqualTo(new RunSummary.Videos(true, new CallTotals.Bill(1, 1, 0), new RunSummary.Tonight(1, 0)));
        assertThat(run.bill().calls()).isEqualTo(2);
    }

    @ParameterizedTest
    @CsvSource({"normal, STORED", "dead, MISSING"})
    void languageWithANulCostsTheNoteNothing(String server, SlotState state) {
        String note = videoNoteWithSubtitles();
        answersVideo(note, envelope -> {
            ObjectNode languages = (ObjectNode) envelope.at("/data/0/video_info_v2/media/video/subtitles");
            JsonNode english = languages.get("en-US");
            languages.removeAll().set("zh\u0000", english);
        });
        if (server.equals("dead")) {
            night.script().media(target -> target.contains("/subtitle/"), MediaReply.status(403));
        }

        night.run(state == SlotState.STORED ? ExitCode.COMPLETED : ExitCode.INCOMPLETE);

        assertThat(night.state(note)).isEqualTo(state == SlotState.STORED ? ARCHIVED : POSTPONED);
        assertThat(night.slots(note, MediaKind.SUBTITLE))
                .extracting(SlotRow::identity, SlotRow::state)
                .containsExactly(tuple("#0", state));
        assertThat(night.video(note).state()).isEqualTo(SlotState.STORED);
    }

    @Test
    void bothAnswersAreCapturedAndTheirExactBytesLieInTheBucket() {
        String note = videoNote();
        night.script().answersVideo(note, Reply.noteWith(answer -> {
            answer.remove("liked_count");
            answer.put("title", "another title").putNull("user");
        }));

        night.run(ExitCode.COMPLETED);

        Map<String, Object> now = night.sql()
                .sql("SELECT title, liked_count, author_id FROM note")
                .query()
                .singleRow();
        JsonNode detail = night.provider().envelope(note).at("/data/0/note_list/0");
        assertThat(now.get("title")).isEqualTo(detail.path("title").stringValue());
        assertThat(now.get("liked_count")).isEqualTo(detail.path("liked_count").longValue());
        assertThat(now.get("author_id")).isNotNull();
        List<Map<String, Object>> captures = night.sql().sql("""
                                SELECT c.endpoint, n.liked_count, n.collected_count, n.sidecar_key
                                FROM note_capture n JOIN api_call c ON c.id = n.call_id ORDER BY n.captured_at
                                """).query().listOfRows();
        assertThat(captures).extracting(row -> row.get("endpoint")).containsExactly(DETAIL, VIDEO);
        assertThat(captures.getLast().get("liked_count"))
                .as("not in that answer")
                .isNull();
        assertThat(captures.getLast().get("collected_count")).isNotNull();
        var sidecars = night.objects("notes/" + note + "/");
        assertThat(sidecars.keySet())
                .containsExactlyElementsOf(captures.stream()
                        .map(row -> (String) row.get("sidecar_key"))
                        .toList());
        JsonNode ofNote = JSON.readTree(sidecars.firstEntry().getValue());
        JsonNode ofVideo = JSON.readTree(sidecars.lastEntry().getValue());
        assertThat(ofNote.at("/call/endpoint").stringValue()).isEqualTo(DETAIL);
        assertThat(ofVideo.at("/call/endpoint").stringValue()).isEqualTo(VIDEO);
        assertThat(ofNote.path("answer").stringValue().getBytes(UTF_8))
                .isEqualTo(night.provider().answerBytes(note));
        assertThat(ofVideo.path("answer").stringValue().getBytes(UTF_8))
                .isEqualTo(night.provider().videoAnswerBytes(note));
        assertThat(kinds(ofNote)).containsExactlyInAnyOrder("IMAGE", "AUDIO");
        assertThat(kinds(ofVideo)).containsExactly("VIDEO");
        assertThat(night.count("SELECT count(*) FROM note_media m JOIN note_capture c USING"
                        + " (note_id, captured_at) JOIN api_call a ON a.id = c.call_id"
                        + " WHERE (m.kind IN ('VIDEO', 'SUBTITLE')) <> (a.endpoint ="
                        + " 'note-detail/v6')"))
                .as("files that are said to be of the other answer")
                .isZero();
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

        VerifySummary audit = repair();

        assertThat(audit.repairs().sidecarsRewritten()).as(audit.toString()).isEqualTo(lost.size());
        var after = night.objects("notes/" + note + "/");
        assertThat(after.keySet()).isEqualTo(before.keySet());
        before.forEach((key, bytes) ->
                assertThat(after.get(key)).asString(UTF_8).as(key).isEqualTo(new String(bytes, UTF_8)));
    }

    @Test
    void damagedVideoIsBoughtAnewByARepairWhenItsAnswerIsOld() throws Exception {
        String note = videoNoteWithSubtitles();
        night.run(ExitCode.COMPLETED);
        String key = night.video(note).media().key().value();
        Files.delete(night.bucket().resolve(key));
        night.isDaysLater(9);

        VerifySummary audit = repair();
        assertThat(audit.repairs().notesMadeDue()).as(audit.toString()).isOne();
        night.run(ExitCode.COMPLETED);

        assertThat(night.provider().videoCalls(note)).isEqualTo(2);
        assertThat(night.video(note).state()).isEqualTo(SlotState.STORED);
        assertThat(night.objects("media/")).containsKey(key);
    }

    @Test
    void damagedVideoThatTheProviderOffersNoMoreIsKeptAndNotAskedForAgain() throws Exception {
        String note = videoNoteWithSubtitles();
        night.run(ExitCode.COMPLETED);
        SlotRow before = night.video(note);
        String key = before.media().key().value();
        byte[] bytes = Files.readAllBytes(night.bucket().resolve(key));
        bytes[bytes.length / 2] ^= 1;
        Files.write(night.bucket().resolve(key), bytes);
        night.isDaysLater(9);
        VerifySummary audit = repair();
        assertThat(audit.repairs().notesMadeDue()).as(audit.toString()).isOne();
        night.script().answersVideo(note, Reply.code(404));

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
                .contains("no longer offers the video", note);
        assertThat(night.objects("media/")).containsKey(key);
    }

    @Test
    void noteThatIsNoVideoOrHasItsStreamsIsNeverAskedAbout() {
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
    void eachNoteGetsWhatItsOwnSecondCallBrings() {
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
                envelope -> ((ObjectNode) envelope.at("/data/0/video_info_v2/media/video"))
                        .put("md5", "0123456789abcdef0123456789abcdef"));
        answersVideo(nameless, envelope -> {
            ((ArrayNode) envelope.path("data")).remove(1);
            ((ObjectNode) envelope.at("/data/0")).remove("id");
        });
        answersVideo(streamless, envelope -> ((ObjectNode) envelope.at("/data/0")).remove("video_info_v2"));
        night.script().answersVideo(gone, Reply.code(201));
        night.script().answersVideo(gonePerhapsBilled, Reply.code(202));
        night.script().answersVideo(lost, Reply.lost(), Reply.normal());
        String largest = largestStream(deadMaster);
        night.script()
                .media(target -> target.contains(largest) && !target.contains("/backup/"), MediaReply.status(403));

        RunSummary run = night.run(ExitCode.COMPLETED);

        night.assertArchived(notes, notes.size());
        assertThat(run.videos())
                .isEqualTo(new RunSummary.Videos(true, new CallTotals.Bill(8, 6, 2), new RunSummary.Tonight(8, 0)));
        assertThat(night.video(otherMd5).checks()).as("a hint, and no failure").isEqualTo("size match, md5 mismatch");
        assertThat(night.video(nameless).state()).as("the only one there").isEqualTo(SlotState.STORED);
        assertThat(List.of(night.video(streamless), night.video(gone), night.video(gonePerhapsBilled)))
                .extracting(SlotRow::state, SlotRow::reason)
                .containsOnly(tuple(SlotState.WAIVED, "NOT_OFFERED_BY_V6"));
        assertThat(night.bills(gone)).containsExactly("YES", "YES");
        assertThat(night.bills(gonePerhapsBilled)).containsExactly("YES", "UNKNOWN");
        assertThat(night.objects("notes/" + streamless))
                .as("both answers are kept")
                .hasSize(2);
        assertThat(night.objects("notes/" + gone)).as("it was paid for as well").hasSize(2);
        assertThat(night.objects("notes/" + gonePerhapsBilled)).hasSize(1);
        assertThat(night.bills(lost)).containsExactly("YES", "UNKNOWN", "YES");
        assertThat(night.video(lost).state()).isEqualTo(SlotState.STORED);
        assertThat(night.video(deadMaster).rendition()).isEqualTo("h265[1]/backup_urls[1]");
        assertThat(night.video(deadMaster).reason()).as("as good as its master").isNull();
        assertThat(night.provider().mediaRequests(largest))
                .as("the first backup is the master once more")
                .isEqualTo(2);
    }

    private static List<String> kinds(JsonNode sidecar) {
        return sidecar.path("media")
                .valueStream()
                .map(file -> file.path("kind").stringValue())
                .distinct()
                .toList();
    }

    private String largestStream(String note) {
        String url = videoOf(night.provider().videoEnvelope(note))
                .at("/media/stream/h265/1/master_url")
                .stringValue();
        return url.substring(url.lastIndexOf('/') + 1);
    }

    /** A failed collection counts as an attempt, a rate limit does not. */
    @ParameterizedTest
    @CsvSource({"301, 1", "302, 0"})
    void videoIsFetchedAgainInTheSameNightAndTheNoteItselfIsNot(int code, int attempts) {
        String note = videoNote();
        night.script().answersVideo(note, Reply.code(code), Reply.normal());

        RunSummary run = night.run(ExitCode.COMPLETED);

        assertArchivedWithVideo(note);
        assertThat(night.calls(note)).isOne();
        assertThat(night.bills(note)).containsExactly("YES", "NO", "YES");
        assertThat(night.note(note).attempts()).isEqualTo(attempts);
        assertThat(run.notes().postponed()).isEqualTo(attempts);
        assertThat(run.notes().released()).isEqualTo(1 - attempts);
    }

    @Test
    void code301ForEverLeavesTheNoteWithAllItHasWithinTheLimitsOfRetries() {
        String note = videoNote();
        night.script().answersVideo(note, Reply.code(301));

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

        assertThat(waiver.waive(new NoteId(note), MediaKind.VIDEO, 0, "not for sale"))
                .isZero();
        assertThat(night.state(note)).isEqualTo(ARCHIVED);

        night.script().clear();
        night.requeue(note);
        night.run(ExitCode.COMPLETED);

        assertThat(night.video(note).reason()).isEqualTo("not for sale");
        assertThat(night.provider().videoCalls(note)).as("waived by somebody").isEqualTo(5);
    }

    @Test
    void quotaThatIsUsedUpEndsTheNightAndTheNoteKeepsWhatItHas() {
        String note = videoNote();
        night.script().grantsVideos(0);

        RunSummary run = night.run(ExitCode.QUOTA_EXHAUSTED);

        assertThat(run.reason()).contains("for a video", "code 303");
        assertThat(night.count("SELECT count(*) FROM source_gate WHERE code = 303"))
                .isOne();
        assertThat(night.state(note)).isEqualTo(PENDING);
        assertWaits(note, "code 303");
        assertThat(night.claims()).isZero();
        int requests = night.provider().mediaRequests();

        night.run(ExitCode.QUOTA_EXHAUSTED);
        assertThat(night.provider().videoCalls()).isOne();

        night.script().unlimited();
        night.isNextDay();
        night.run(ExitCode.COMPLETED);

        assertArchivedWithVideo(note);
        assertThat(night.calls(note)).isOne();
        assertThat(night.provider().mediaRequests("1040g"))
                .as("the cover is not asked for again")
                .isEqualTo(1);
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
        night.assertNote(note, FAILED, StateReason.WRITE_FAILED, "index row size 6016");
        assertThat(night.claims()).isZero();
        assertThat(night.slots(note)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"100, BLOCKED_TOKEN", "600, BLOCKED_PERMISSION", "601, BLOCKED_BALANCE", "602, BLOCKED_BALANCE"})
    void blockEndsTheRunAndSaysThatItIsAboutVideos(int code, ExitCode exitCode) {
        String note = videoNote();
        night.script().answersVideo(note, Reply.code(code));

        RunSummary run = night.run(exitCode);

        assertThat(run.reason()).contains("for a video", "code " + code);
        assertThat(night.state(note)).isEqualTo(PENDING);
        assertWaits(note, "code " + code);
    }

    @Test
    void rejectedRequestFailsTheNoteWithAllItHas() {
        String note = videoNote();
        night.script().answersVideo(note, Reply.code(400));

        night.run(ExitCode.INCOMPLETE);

        night.assertNote(note, FAILED, StateReason.MEDIA_INCOMPLETE, "VIDEO 0", "code 400");
        assertWaits(note, "code 400");
        assertThat(night.provider().videoCalls()).isOne();
    }

    @Test
    void successWithoutTheNoteIsAskedOnceMoreOnALaterNightAndThenBelieved() {
        List<String> notes = night.pending(SandboxNoteKind.VIDEO_COVER, 3);
        answersVideo(notes.get(0), envelope -> envelope.putArray("data"));
        answersVideo(
                notes.get(1), envelope -> ((ObjectNode) envelope.at("/data/0")).put("id", "66aa000000000000000000aa"));
        answersVideo(
                notes.get(2),
                envelope -> ((ObjectNode) envelope.at("/data/0"))
                        .put("model_type", "error")
                        .remove("id"));

        night.run(ExitCode.INCOMPLETE);

        assertThat(night.states(notes)).containsOnly(POSTPONED);
        for (String note : notes) {
            assertWaits(note, "not in the answer");
            assertThat(night.note(note).attempts() + night.note(note).mediaAttempts())
                    .isZero();
        }
        night.run(ExitCode.COMPLETED);
        assertThat(night.provider().videoCalls()).as("the same night").isEqualTo(3);

        night.isNextDay();
        night.run(ExitCode.COMPLETED);

        assertThat(night.states(notes)).containsOnly(ARCHIVED);
        assertThat(notes).allSatisfy(note -> {
            assertThat(night.video(note).state()).isEqualTo(SlotState.WAIVED);
            assertThat(night.video(note).reason()).isEqualTo("NOT_OFFERED_BY_V6");
        });
        assertThat(night.provider().videoCalls()).isEqualTo(6);
        assertThat(night.calls()).isEqualTo(3);
        assertThat(night.objects("media/").keySet()).noneMatch(key -> key.endsWith(".mp4"));

        night.isNextDay();
        night.script().clear();
        night.requeue(notes.getFirst());
        night.run(ExitCode.COMPLETED);

        assertThat(night.video(notes.getFirst()).state())
                .as("asked again by an operator")
                .isEqualTo(SlotState.STORED);
        assertThat(night.calls()).isEqualTo(3);
    }

    private void answersVideo(String note, Consumer<ObjectNode> change) {
        night.script().answersVideo(note, Reply.note(envelope -> {
            change.accept(envelope);
            return envelope;
        }));
    }

    @Test
    void downloadThatFailsBuysNothingAgain() {
        String note = videoNote();
        night.script().media(target -> target.contains("/stream/"), MediaReply.status(500));

        night.run(ExitCode.INCOMPLETE);

        assertThat(night.state(note)).isEqualTo(POSTPONED);
        assertThat(night.video(note).reason()).isEqualTo("RETRY");
        assertThat(night.slots(note, MediaKind.IMAGE).getFirst().state()).isEqualTo(SlotState.STORED);
        assertThat(night.count("SELECT count(*) FROM note_capture")).isEqualTo(2);

        night.script().clear();
        night.isDaysLater(6);
        night.run(ExitCode.COMPLETED);

        assertThat(night.video(note).state()).isEqualTo(SlotState.STORED);
        assertThat(night.calls(note)).isOne();
        assertThat(night.provider().videoCalls(note)).isOne();
    }

    @Test
    void deadAddressesOfTheVideoBuyThatAnswerAnewAndNotTheNotes() {
        String note = videoNoteWithDeadStreams();
        assertThat(night.provider().videoCalls(note)).isOne();

        night.isNextDay();
        RunSummary second = night.run(ExitCode.INCOMPLETE);

        assertThat(second.boughtAgain()).isOne();
        night.assertNote(note, FAILED, StateReason.MEDIA_INCOMPLETE, "VIDEO 0 GONE");
        assertThat(night.video(note).reason()).isEqualTo("GONE");
        assertThat(night.slots(note, MediaKind.IMAGE).getFirst().state()).isEqualTo(SlotState.STORED);
        assertThat(night.provider().videoCalls(note)).isEqualTo(2);
        assertThat(night.calls(note)).isOne();
    }

    @ParameterizedTest
    @EnumSource
    void deadAddressesAreRememberedWhileANewAnswerDoesNotCome(NoAnswer obstacle) {
        String note = videoNoteWithDeadStreams();
        int requests = night.provider().mediaRequests(".mp4");

        night.isNextDay();
        night.script().answersVideo(note, obstacle.reply);
        night.run(ExitCode.INCOMPLETE);

        night.assertNote(
                note,
                POSTPONED,
                StateReason.URLS_EXPIRED,
                "VIDEO 0 DEAD",
                "HTTP 403",
                "a new response",
                obstacle.detail);
        assertThat(night.video(note).reason()).isEqualTo("DEAD");
        assertThat(night.provider().mediaRequests(".mp4"))
                .as("dead addresses are not asked before there are others")
                .isEqualTo(requests);
        assertThat(night.provider().videoCalls(note)).isEqualTo(1 + obstacle.calls);

        night.isNextDay();
        night.script().answersVideo(note, Reply.normal());
        night.run(ExitCode.INCOMPLETE);

        night.assertNote(note, FAILED, StateReason.MEDIA_INCOMPLETE, "VIDEO 0 GONE");
        assertThat(night.video(note).reason()).isEqualTo("GONE");
        assertThat(night.provider().mediaRequests(".mp4")).isEqualTo(2 * requests);

        night.isNextDay();
        night.run(ExitCode.COMPLETED);
        assertThat(night.provider().videoCalls(note)).isEqualTo(2 + obstacle.calls);
        assertThat(night.calls(note)).isOne();
    }

    /** How a call for a video brings none; with the calls of a night that try it. */
    private enum NoAnswer {
        COLLECTION(Reply.code(301), "code 301", 3),
        FAULT(Reply.code(500), "code 500", 3),
        EMPTY(Reply.note(NoAnswer::emptied), "not in the answer", 1);

        final Reply reply;
        final String detail;
        final int calls;

        NoAnswer(Reply reply, String detail, int calls) {
            this.reply = reply;
            this.detail = detail;
            this.calls = calls;
        }

        private static ObjectNode emptied(ObjectNode envelope) {
            envelope.putArray("data");
            return envelope;
        }
    }

    @Test
    void successWithoutTheNoteIsBelievedTheSecondTimeThoughAnAnswerOfBeforeIsHeld() {
        String note = videoNoteWithDeadStreams();
        answersVideo(note, envelope -> envelope.putArray("data"));
        night.isNextDay();
        night.run(ExitCode.INCOMPLETE);
        night.isNextDay();

        night.run(ExitCode.COMPLETED);

        assertThat(night.state(note)).isEqualTo(ARCHIVED);
        assertThat(night.video(note).reason()).isEqualTo("NOT_OFFERED_BY_V6");
        assertThat(night.provider().videoCalls(note)).isEqualTo(3);
    }

    @Test
    void subtitlesThatWereDeadAreNotGivenUpWhileANewAnswerDoesNotCome() {
        String note = videoNoteWithSubtitles();
        night.script().media(target -> target.contains("/subtitle/zh-CN/"), MediaReply.status(403));
        night.run(ExitCode.INCOMPLETE);
        assertThat(night.video(note).state()).isEqualTo(SlotState.STORED);

        night.isNextDay();
        night.script().answersVideo(note, Reply.code(301));
        night.run(ExitCode.INCOMPLETE);

        assertThat(night.state(note)).isEqualTo(POSTPONED);
        assertThat(night.video(note).state()).isEqualTo(SlotState.STORED);
        assertThat(night.slots(note, MediaKind.SUBTITLE))
                .extracting(SlotRow::state, SlotRow::reason)
                .containsExactly(tuple(SlotState.STORED, null), tuple(SlotState.MISSING, "DEAD"));

        night.isNextDay();
        night.script().clear();
        night.run(ExitCode.COMPLETED);

        assertThat(night.slots(note, MediaKind.SUBTITLE))
                .extracting(SlotRow::state)
                .containsOnly(SlotState.STORED);
        assertThat(night.provider().mediaRequests("_115.mp4")).as("the video").isOne();
    }

    @Test
    void deadCoverBuysTheNoteAnewAndNotItsVideo() {
        String note = videoNote();
        night.script().media(target -> target.contains("1040g"), MediaReply.status(403));

        night.run(ExitCode.INCOMPLETE);
        assertThat(night.video(note).state()).isEqualTo(SlotState.STORED);

        night.script().clear();
        night.isNextDay();
        night.run(ExitCode.COMPLETED);

        assertArchivedWithVideo(note);
        assertThat(night.provider().videoCalls(note)).isOne();
    }

    @Test
    void bothAnswersAndTheirFilesComeBackFromTheBucketAlone() {
        String note = videoNoteWithSubtitles();
        night.script().media(target -> target.contains("1040g"), MediaReply.status(403));
        night.script().media(target -> target.contains("/subtitle/zh"), MediaReply.status(503));
        night.run(ExitCode.INCOMPLETE);
        night.script().clear();
        night.script().media(target -> target.contains("/subtitle/zh"), MediaReply.status(503));
        String plain = night.provider().noteIds(SandboxNoteKind.VIDEO_COVER, 2).stream()
                .filter(id -> !id.equals(note))
                .findFirst()
                .orElseThrow();
        night.pending(List.of(plain));
        night.isNextDay();
        night.run(ExitCode.INCOMPLETE);
        assertThat(night.calls(note)).as("its cover was dead").isEqualTo(2);
        assertThat(night.provider().videoCalls(note)).isOne();
        assertThat(night.slots(note, MediaKind.SUBTITLE))
                .extracting(SlotRow::state)
                .containsExactly(SlotState.STORED, SlotState.MISSING);
        assertThat(night.state(plain)).isEqualTo(ARCHIVED);
        var before = ArchiveRows.of(night::texts);

        night.update(ArchiveRows.LOSS);
        RebuildSummary summary = rebuild.rebuild(false, null);

        assertThat(summary.exitCode()).as(summary.toString()).isEqualTo(ExitCode.COMPLETED);
        assertThat(ArchiveRows.of(night::texts)).isEqualTo(before);
        night.script().clear();
        night.isNextDay();
        night.run(ExitCode.COMPLETED);
        assertThat(night.state(note)).isEqualTo(ARCHIVED);
        assertThat(night.provider().videoCalls(note)).isOne();
    }

    @Test
    void errorPageInPlaceOfSubtitlesIsNotStored() {
        String note = videoNoteWithSubtitles();
        night.script()
                .media(
                        target -> target.contains("/subtitle/zh-CN/"),
                        MediaReply.bytes("application/x-subrip", "<html>gone".getBytes(UTF_8)));
        night.script().media(target -> target.contains("/subtitle/en-US/"), MediaReply.bytes("text/vtt", new byte[9]));

        night.run(ExitCode.INCOMPLETE);

        assertThat(night.state(note)).isEqualTo(POSTPONED);
        assertThat(night.video(note).state()).isEqualTo(SlotState.STORED);
        assertThat(night.slots(note, MediaKind.SUBTITLE))
                .extracting(SlotRow::state, SlotRow::error)
                .satisfiesExactly(
                        english -> assertThat(english.toString()).contains("unknown media type"),
                        chinese -> assertThat(chinese.toString()).contains("HTML or XML"));
        assertThat(night.objects("media/").keySet()).noneMatch(key -> key.endsWith(".srt") || key.endsWith(".vtt"));

        assertThat(waiver.waive(new NoteId(note), MediaKind.SUBTITLE, 0, "none"))
                .isOne();
        assertThat(waiver.waive(new NoteId(note), MediaKind.SUBTITLE, 1, "none"))
                .isZero();
        assertThat(night.objects("notes/")).as("sidecars").hasSize(2);
    }

    private String videoNote() {
        return night.pending(SandboxNoteKind.VIDEO_COVER, 1).getFirst();
    }

    /** A note whose first night ended with expired URLs of its video. */
    private String videoNoteWithDeadStreams() {
        String note = videoNote();
        night.script().media(target -> target.contains("/stream/"), MediaReply.status(403));
        night.run(ExitCode.INCOMPLETE);
        assertThat(night.video(note).reason()).isEqualTo("DEAD");
        return note;
    }

    /** With subtitles in two languages. */
    private String videoNoteWithSubtitles() {
        String note = night.provider().noteIds(SandboxNoteKind.VIDEO_COVER, 40).stream()
                .filter(id -> videoOf(night.provider().videoEnvelope(id))
                        .at("/media/video/subtitles")
                        .has("en-US"))
                .findFirst()
                .orElseThrow();
        night.pending(List.of(note));
        return note;
    }

    private static JsonNode videoOf(ObjectNode envelope) {
        return envelope.at("/data/0/video_info_v2");
    }

    private String recommendedName(String note) {
        String url = night.provider()
                .videoEnvelope(note)
                .at("/data/1/video_info_v2/media/stream/h264/0/master_url")
                .stringValue();
        return url.substring(url.lastIndexOf('/') + 1, url.lastIndexOf('_'));
    }

    private VerifySummary repair() {
        return verifier.verify(new VerifyOptions(null, true, false, "main"));
    }

    private void assertStored(SlotRow slot, String url, String ending) {
        assertThat(slot.state()).isEqualTo(SlotState.STORED);
        String key = slot.media().key().value();
        assertThat(key).endsWith(ending);
        assertThat(night.objects(key).get(key)).isEqualTo(night.provider().mediaBytes(url));
    }

    private void assertArchivedWithVideo(String note) {
        assertThat(night.state(note)).isEqualTo(ARCHIVED);
        assertThat(night.video(note).state()).isEqualTo(SlotState.STORED);
    }

    /** The note has everything but its video, for which there is a reason. */
    private void assertWaits(String note, String reason) {
        assertThat(night.video(note).state()).isEqualTo(SlotState.MISSING);
        assertThat(night.video(note).reason()).isEqualTo("NO_ANSWER");
        assertThat(night.video(note).error()).contains(reason);
        assertThat(night.slots(note))
                .filteredOn(slot -> slot.kind() != MediaKind.VIDEO)
                .hasSize(2)
                .allSatisfy(slot -> assertThat(slot.state()).isEqualTo(SlotState.STORED));
        assertThat(night.provider().mediaRequests(".mp4")).isZero();
        assertThat(night.text("SELECT count(*) FROM note_capture WHERE note_id = :note", note))
                .isEqualTo("1");
    }

    private long sent(String endpoint) {
        return night.count("SELECT count(*) FROM api_call WHERE endpoint = '" + endpoint + "'");
    }

    private long sold(String endpoint) {
        return night.count(
                "SELECT count(*) FROM api_call WHERE code = 0 AND billed = 'YES' AND endpoint = '" + endpoint + "'");
    }

    /** Answers that were sold and never arrived. */
    private long lost() {
        return night.count("SELECT count(*) FROM api_call WHERE code IS NULL AND billed = 'UNKNOWN'");
    }
}
