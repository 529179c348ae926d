package io.github.notearchive.nightly;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.PublishedTable;
import io.github.notearchive.archive.catalog.SlotRow;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.media.format.Samples;
import io.github.notearchive.sandbox.MediaReply;
import io.github.notearchive.sandbox.Reply;
import io.github.notearchive.sandbox.SandboxNoteKind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.test.annotation.DirtiesContext;
import org.springframework.test.context.TestPropertySource;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What media servers do to the files of a note in two nights, and what they are asked and what is bought for it, as
 * {@code src/docs/media-behaviours.md} tells it. All notes are asked for side by side: what becomes of one must not
 * touch the others.
 */
@NightlyJobTest
// in the second night nearly every file fails, by intent
@TestPropertySource(properties = "archive.outage.faults=100")
@DirtiesContext // whose connections others need
class NoteFilesTests {

    private static final PublishedTable TABLE =
            new PublishedTable("media-behaviours.md", "The files of a note, in two nights");

    @Autowired
    NightlyScenario night;

    private final List<Row> rows = new ArrayList<>();
    private List<String> ids;

    @TestFactory
    Stream<DynamicTest> whatBecomesOfTheFilesOfANote() {
        ids = night.provider().noteIds(SandboxNoteKind.TEXT, 40);
        String other = ids.getLast();
        night.script().answers(other, Reply.noteWith(note -> {
            image(other, note, "shared");
            music(other, note).put("id", 0);
        }));
        night.pending(List.of(other));
        night.run(ExitCode.COMPLETED);
        pictures(other);
        livePhotos();
        trouble();
        names();
        night.pending(rows.stream().map(row -> row.note).toList());

        night.run(ExitCode.INCOMPLETE);
        rows.forEach(Row::look);
        night.isNextDay();
        night.run(ExitCode.INCOMPLETE);
        rows.forEach(Row::look);

        assertThat(night.claims()).isZero();
        return Stream.concat(
                rows.stream().map(row -> DynamicTest.dynamicTest(row.name, () -> TABLE.assertHolds(row.toString()))),
                Stream.of(DynamicTest.dynamicTest(
                        "the document is about all of these",
                        () -> TABLE.assertIsAbout(
                                rows.stream().map(row -> row.name).toList()))));
    }

    private void pictures(String other) {
        note(
                "a picture that another note has under the same `fileid`",
                (id, note) -> image(id, note, "own").put("fileid", named(other, "shared")));
        note("the bytes of another note's picture under another `fileid`", (id, note) -> {
            image(id, note, "p");
            serve(id, _ -> true, MediaReply.bytes("image/heic", night.provider().mediaBytes(best(other, "shared"))));
        });
        note("`original` answers 404 in both nights, the next rendition works", (id, note) -> {
            image(id, note, "p");
            serve(id, isBest(), MediaReply.status(404));
        });
        note("`original` answers 404 in the first night only", (id, note) -> {
            image(id, note, "p");
            serve(id, isBest(), MediaReply.status(404), MediaReply.normal());
        });
        note("`original` answers 503 for two tries of the note, then works", (id, note) -> {
            image(id, note, "p");
            MediaReply[] replies = new MediaReply[7];
            Arrays.fill(replies, MediaReply.status(503));
            replies[6] = MediaReply.normal();
            serve(id, isBest(), replies);
        });
        note("`original` answers 503 in both nights, the next rendition works", (id, note) -> {
            image(id, note, "p");
            serve(id, isBest(), MediaReply.status(503));
        });
        note("`original` is a placeholder, the next rendition is the picture", (id, note) -> {
            image(id, note, "p").put("width", 1080).put("height", 1440);
            serve(id, isBest(), MediaReply.bytes("image/heic", Samples.bytes("picture.heic")));
        });
    }

    private void livePhotos() {
        note("live photo, its motion dead in both nights", (id, note) -> {
            livePhoto(id, note);
            serve(id, target -> target.contains("/stream/"), MediaReply.status(404));
        });
        note("live photo, its still dead in the first night", this::livePhoto);
        serve( // once, and not with each answer, of which there are two
                rows.getLast().note,
                target -> !target.contains("/stream/"),
                MediaReply.status(403),
                MediaReply.normal());
        note("live photo, its motion an MP4 that is cut at every address", (id, note) -> {
            livePhoto(id, note);
            serve(
                    id,
                    target -> target.contains("/stream/"),
                    MediaReply.bytes("video/mp4", Samples.without("faststart.mp4", 1)));
        });
    }

    private void names() {
        note(
                "music with the id 0, which another note's has too",
                (id, note) -> music(id, note).put("id", 0));
        note("18 pictures, each response followed by a copy of it", (id, note) -> {
            for (int i = 0; i < 18; i++) {
                image(id, note, "p" + i);
            }
            serve(id, _ -> true, MediaReply.twice(Duration.ZERO));
        });
    }

    private void trouble() {
        note("500 in the first night, whole in the second", (id, note) -> {
            onlyAddress(id, note, "/1040g");
            MediaReply[] replies = new MediaReply[16];
            Arrays.fill(replies, MediaReply.status(500));
            replies[15] = MediaReply.normal();
            serve(id, _ -> true, replies);
        });
    }

    // how notes are made

    private interface NoteChange {
        void to(String id, ObjectNode note);
    }

    private void note(String name, NoteChange change) {
        String id = ids.get(rows.size());
        night.script().answers(id, Reply.noteWith(note -> change.to(id, note)));
        rows.add(new Row(name, id));
    }

    /** Of requests for files of one note only. */
    private void serve(String id, Predicate<String> target, MediaReply... replies) {
        night.script().media(t -> t.contains(id) && target.test(t), replies);
    }

    private static Predicate<String> isBest() {
        return target -> target.contains("/w/5000/");
    }

    /** A name of the source's that no other note has. */
    private static String named(String id, String file) {
        return file + "-" + id.substring(18);
    }

    private String address(String id, String rest) {
        return "http://" + night.provider().mediaHost() + "/" + id + rest;
    }

    private String best(String id, String file) {
        return address(id, "/1040g" + file + "?imageView2/2/w/5000/format/heif");
    }

    /** Adds a picture with two renditions. */
    private ObjectNode image(String id, ObjectNode note, String file) {
        ArrayNode images = note.path("images_list") instanceof ArrayNode list ? list : note.putArray("images_list");
        return images.addObject()
                .put("fileid", named(id, file))
                .put("original", best(id, file))
                .put("url", address(id, "/1040g" + file + "?imageView2/2/w/1440/format/heif"));
    }

    private ObjectNode onlyAddress(String id, ObjectNode note, String rest) {
        return note.putArray("images_list")
                .addObject()
                .put("fileid", named(id, "only"))
                .put("original", address(id, rest));
    }

    private void livePhoto(String id, ObjectNode note) {
        ObjectNode picture = note.putArray("images_list")
                .addObject()
                .put("fileid", named(id, "still"))
                .put("original", address(id, "/1040gstill"))
                .put("live_photo_file_id", named(id, "livephoto/1040g390"));
        ObjectNode streams = picture.putObject("live_photo").putObject("media").putObject("stream");
        streams.putArray("h264");
        ObjectNode stream = streams.putArray("h265").addObject();
        stream.put("master_url", stream(id, ""));
        stream.putArray("backup_urls").add(stream(id, "")).add(stream(id, "/backup/1"));
        streams.putArray("h266");
        streams.putArray("av1");
    }

    private String stream(String id, String server) {
        return "http://" + night.provider().mediaHost() + server + "/stream/" + id + "/x_66.mp4";
    }

    private ObjectNode music(String id, ObjectNode note) {
        return note.putObject("simple_music_info")
                .put("url", "http://" + night.provider().mediaHost() + "/audio/" + id + "/1.m4a");
    }

    /** Result of one note, as the table shows it. */
    private final class Row {

        private final String name;
        private final String note;
        private final List<Integer> calls = new ArrayList<>();
        private final List<Integer> requests = new ArrayList<>();
        private final List<String> files = new ArrayList<>();

        Row(String name, String note) {
            this.name = name;
            this.note = note;
        }

        void look() {
            calls.add(night.calls(note) - calls.stream().mapToInt(n -> n).sum());
            requests.add(night.provider().mediaRequests(note)
                    - requests.stream().mapToInt(n -> n).sum());
            files.add(night.state(note) + described(night.slots(note)));
        }

        private String described(List<SlotRow> slots) {
            List<String> described = new ArrayList<>();
            for (SlotRow slot : slots) {
                described.add(slot.kind()
                        + " "
                        + slot.state()
                        + (slot.reason() == null ? "" : " " + slot.reason())
                        + (slot.rendition() == null ? "" : " from `" + slot.rendition() + "`")
                        + (slot.media() == null ? "" : " as " + slot.media().contentType())
                        + (slot.checks() == null ? "" : ", " + slot.checks())
                        + (slot.error() == null ? "" : ", " + slot.error()));
            }
            long objects = slots.stream()
                    .filter(slot -> slot.media() != null)
                    .map(slot -> slot.media().sha256())
                    .distinct()
                    .count();
            return described.stream()
                    .collect(Collectors.groupingBy(slot -> slot, LinkedHashMap::new, Collectors.counting()))
                    .entrySet()
                    .stream()
                    .map(slot -> "; " + (slot.getValue() == 1 ? "" : slot.getValue() + " ") + slot.getKey())
                    .collect(Collectors.joining("", "", described.size() > 1 ? "; objects: " + objects : ""));
        }

        @Override
        public String toString() {
            String first = files.getFirst();
            String last = files.getLast();
            return "| %s | %s | %s | %s |"
                    .formatted(
                            name,
                            both(calls),
                            both(requests),
                            (first.equals(last) ? last : first + " – then " + last)
                                    .replace(ids.getLast(), "ID")
                                    .replace("|", "\\|"));
        }

        private static String both(List<Integer> nights) {
            return nights.stream().map(String::valueOf).collect(Collectors.joining(" + "));
        }
    }
}
