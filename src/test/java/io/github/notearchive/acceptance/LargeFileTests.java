package io.github.notearchive.acceptance;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.acceptance.Program.Ended;
import io.github.notearchive.sandbox.MediaReply;
import io.github.notearchive.sandbox.Reply;
import io.github.notearchive.sandbox.SandboxNoteKind;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.node.ObjectNode;

/** A film of two gigabytes goes through a heap of 256 MB. */
@Tag("matrix")
@ExtendWith(OutsideServers.Running.class)
class LargeFileTests {

    private static final long LENGTH = 2L << 30;

    @ParameterizedTest(name = "on {0} servers")
    @EnumSource
    void twoGigabytesAreArchivedInLittleMemory(Place place) throws Exception {
        try (Practice practice = Practice.begin(place);
                Proxy films =
                        Proxy.before(URI.create("http://" + practice.provider().mediaHost()))) {
            films.answer(Proxy.ANY, LargeFileTests::film);
            practice.environment()
                    .merge("ARCHIVE_MEDIA_HOSTS", "127.0.0.1:" + films.port(), (own, more) -> own + "," + more);
            String note = practice.provider()
                    .noteIds(SandboxNoteKind.VIDEO_STREAMS, 1)
                    .getFirst();
            practice.provider()
                    .script()
                    .always(note, Reply.noteWith(LargeFileTests::promisesNoSize))
                    .media(target -> target.contains("/stream/"), MediaReply.redirect(films.address() + "/film.mp4"));
            practice.call("enqueue", practice.file("ids.txt", note).toString()).with(0);

            long began = System.nanoTime();
            Program run = practice.start("run");
            long peak = 0;
            while (!run.endsWithin(Duration.ofMillis(100))) {
                peak = Math.max(peak, residentKilobytes(run.pid()));
            }
            Ended ended = practice.end(run).with(0);
            long seconds = Duration.ofNanos(System.nanoTime() - began).toSeconds();

            try (Archive archive = practice.look()) {
                assertThat(archive.strings("SELECT state FROM note_media WHERE kind = 'VIDEO'"))
                        .containsExactly("STORED");
                String key = archive.strings("SELECT object_key FROM media_object WHERE size_bytes = " + LENGTH)
                        .getFirst();
                assertThat(archive.objects("media/")).containsEntry(key, LENGTH);
            }
            assertThat(ended.err()).doesNotContain("OutOfMemoryError");
            Path report = Path.of("target", "matrix", "large-file.md");
            Files.createDirectories(report.getParent());
            String line =
                    "| %s | %d MB | 256 MB | %d MB | %d s |%n".formatted(place, LENGTH >> 20, peak >> 10, seconds);
            Files.writeString(
                    report,
                    Files.exists(report)
                            ? Files.readString(report) + line
                            : "| servers | file | heap | peak resident | took |%n|---|---|---|---|---|%n".formatted()
                                    + line);
        }
    }

    private static void promisesNoSize(ObjectNode note) {
        note.at("/video_info_v2/media/stream")
                .forEach(codec -> codec.forEach(stream -> ((ObjectNode) stream).remove("size")));
    }

    /** Boxes as a film has them, and zeros in place of pictures. */
    private static void film(OutputStream out) throws IOException {
        out.write(("HTTP/1.1 200 OK\r\nContent-Length: "
                        + LENGTH
                        + "\r\nContent-Type: video/mp4\r\nConnection: close\r\n\r\n")
                .getBytes(US_ASCII));
        ByteBuffer head = ByteBuffer.allocate(24 + 8 + 16);
        head.putInt(24).put("ftypisom".getBytes(US_ASCII)).putInt(512);
        head.put("isommp42".getBytes(US_ASCII));
        head.putInt(8).put("moov".getBytes(US_ASCII));
        long left = LENGTH - 24 - 8;
        head.putInt(1).put("mdat".getBytes(US_ASCII)).putLong(left);
        out.write(head.array());
        byte[] megabyte = new byte[1 << 20];
        for (left -= 16; left > 0; left -= megabyte.length) {
            out.write(megabyte, 0, (int) Math.min(left, megabyte.length));
        }
    }

    /** The most that has been in memory at once. */
    static long residentKilobytes(long pid) throws IOException {
        Path status = Path.of("/proc", String.valueOf(pid), "status");
        return Files.exists(status)
                ? Files.readAllLines(status).stream()
                        .filter(line -> line.startsWith("VmHWM:"))
                        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                        .findFirst()
                        .orElse(0)
                : 0;
    }
}
