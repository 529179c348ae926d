package io.github.notearchive.browse;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.ArchiveDatabase;
import io.github.notearchive.SmallArchive;
import io.github.notearchive.archive.query.NoteView;
import io.github.notearchive.batch.ArchiveProperties;
import io.github.notearchive.io.RecordedLog;
import io.github.notearchive.io.image.HeifCommand;
import io.github.notearchive.media.format.Samples;
import io.github.notearchive.nightly.MovableClock;
import io.github.notearchive.provider.Settings;
import io.github.notearchive.store.ObjectKey;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoreFixture;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.apache.commons.codec.digest.DigestUtils;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/** Thumbnails are made once, kept within a limit, and served only while a note uses the picture. */
@Isolated("a context that another test opens during ten seconds would reset the log")
class ThumbnailsTests {

    private static final String NOTE = "65c000000000000000000001";
    private static final String OTHER = "65c000000000000000000002";

    @RegisterExtension
    final RecordedLog log = new RecordedLog(Thumbnails.class);

    private static int buckets;

    @TempDir
    Path folder;

    private final ArchiveDatabase database = ArchiveDatabase.emptied();
    private final MovableClock clock = new MovableClock();
    private ObjectStore store;

    @BeforeEach
    void fill() {
        store = StoreFixture.of(SmallArchive.server(), "thumbnails-" + ++buckets);
        store.ensureBucket();
    }

    @AfterEach
    void close() {
        store.close();
    }

    @Test
    void aThumbnailIsMadeOnceAndReadFromTheCacheAfterwards() throws IOException {
        String picture = stored(NOTE, 0, "rgb.png", "image/png");

        byte[] first = thumbnails(1_000_000).of(picture, 320).orElseThrow();
        store.remove(key(picture));
        Optional<byte[]> second = thumbnails(1_000_000).of(picture, 320);

        BufferedImage image = ImageIO.read(new ByteArrayInputStream(first));
        assertThat(List.of(image.getWidth(), image.getHeight())).containsExactly(48, 32);
        assertThat(second).hasValue(first);
        assertThat(cached()).containsExactly(picture + "-320.jpg");
    }

    @Test
    void nothingIsServedOfAnErasedNoteAndItsFilesAreDeleted() throws IOException {
        String picture = stored(NOTE, 0, "rgb.png", "image/png");
        Thumbnails thumbnails = thumbnails(1_000_000);
        assertThat(thumbnails.of(picture, 320)).isPresent();
        assertThat(thumbnails.of(picture, 640)).isPresent();

        erase(NOTE);

        assertThat(thumbnails.of(picture, 320)).isEmpty();
        assertThat(cached()).isEmpty();
    }

    @Test
    void aSweepDeletesFilesOfErasedNotesWithoutARequest() throws IOException {
        String erased = stored(NOTE, 0, "rgb.png", "image/png");
        String kept = stored(OTHER, 0, "baseline.jpg", "image/jpeg");
        assertThat(thumbnails(1_000_000).of(erased, 320)).isPresent();

        assertThat(thumbnails(1_000_000).of(kept, 320)).isPresent();
        erase(NOTE);
        thumbnails(1_000_000).sweep();

        assertThat(cached()).containsExactly(kept + "-320.jpg");
    }

    @Test
    void aPictureOfAnErasedNoteThatAnotherNoteUsesIsServed() throws IOException {
        String picture = stored(NOTE, 0, "rgb.png", "image/png");
        new FileRow(picture, key(picture), 1, "image/png").insert(OTHER, "IMAGE", 0);

        erase(NOTE);

        assertThat(thumbnails(1_000_000).of(picture, 320)).isPresent();
    }

    @Test
    void theLeastRecentlyUsedFilesAreDeletedAboveTheLimit() throws IOException {
        String old = stored(NOTE, 0, "rgb.png", "image/png");
        String used = stored(NOTE, 1, "baseline.jpg", "image/jpeg");
        String next = stored(NOTE, 2, "still.gif", "image/gif");
        int size = thumbnails(1_000_000).of(old, 320).orElseThrow().length;
        assertThat(thumbnails(1_000_000).of(used, 320)).isPresent();
        clock.set(Instant.now().plus(Duration.ofDays(1)));
        assertThat(thumbnails(1_000_000).of(used, 320)).isPresent();

        Thumbnails full = thumbnails(size * 3L / 2);
        full.sweep();
        assertThat(full.of(next, 320)).isPresent();

        assertThat(cached()).containsExactlyInAnyOrder(used + "-320.jpg", next + "-320.jpg");
    }

    @Test
    void aDamagedPictureIsConvertedOnceOnly() throws IOException {
        String damaged = stored(NOTE, 0, "sound.wav", "image/heic");
        Thumbnails thumbnails = thumbnails(1_000_000);

        assertThat(thumbnails.of(damaged, 320)).isEmpty();
        assertThat(thumbnails.of(damaged, 640)).isEmpty();

        assertThat(cached()).isEmpty();
        assertThat(log.messages()).hasSize(1);
    }

    @Test
    void aConversionThatFailedIsTriedAgainAfterTenMinutes() throws IOException {
        String picture = stored(NOTE, 0, "picture.heic", "image/heic");
        Thumbnails thumbnails = thumbnails(1_000_000);
        store.remove(key(picture));
        assertThat(thumbnails.of(picture, 320)).isEmpty();

        store.putBytes(new ObjectKey(key(picture)), Samples.bytes("picture.heic"), "image/heic");
        assertThat(thumbnails.of(picture, 320)).as("at once").isEmpty();
        clock.set(Instant.now().plus(Duration.ofMinutes(11)));

        assertThat(thumbnails.of(picture, 320)).isPresent();
    }

    /** The command is killed after ten seconds; a picture has one turn for all its widths. */
    @Tag("long")
    @Test
    void aRequestWaitsFiveSecondsForItsTurn() throws Exception {
        String picture = stored(NOTE, 0, "picture.heic", "image/heic");
        Thumbnails thumbnails = thumbnails(new HeifCommand("tail -f {input} {output}"), 1_000_000);
        try (var executor = Executors.newFixedThreadPool(2)) {
            List<CompletableFuture<Optional<byte[]>>> requests = Stream.of(320, 640)
                    .map(width -> CompletableFuture.supplyAsync(() -> thumbnails.of(picture, width), executor))
                    .toList();

            Object first = CompletableFuture.anyOf(requests.toArray(CompletableFuture[]::new))
                    .join();

            assertThat(first).isEqualTo(Optional.empty());
            assertThat(requests).filteredOn(CompletableFuture::isDone).hasSize(1);
            assertThat(requests)
                    .allSatisfy(request -> assertThat(request.join()).isEmpty());
        }
        assertThat(log.messages()).singleElement().asString().contains("did not end within 10 s");
    }

    @Test
    void otherBytesThanThoseOfTheRowAreNotShown() throws IOException {
        String picture = stored(NOTE, 0, "rgb.png", "image/png");
        store.putBytes(new ObjectKey(key(picture)), Samples.bytes("palette.png"), "image/png");

        assertThat(thumbnails(1_000_000).of(picture, 320)).isEmpty();
    }

    @Test
    void concurrentRequestsOfAPictureConvertItOnce() throws Exception {
        String picture = stored(NOTE, 0, "sound.wav", "image/heic");
        Thumbnails thumbnails = thumbnails(1_000_000);
        List<Callable<Optional<byte[]>>> requests = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            requests.add(() -> thumbnails.of(picture, 320));
        }

        try (var executor = Executors.newFixedThreadPool(8)) {
            for (var answer : executor.invokeAll(requests, 60, SECONDS)) {
                assertThat(answer.get()).isEmpty();
            }
        }

        assertThat(log.messages()).as("conversions, which fail").hasSize(1);
    }

    @Test
    void videosAndHeifWithoutACommandHaveNoThumbnails() throws IOException {
        String heic = stored(NOTE, 0, "picture.heic", "image/heic");
        String film = stored(NOTE, 1, "film.mp4", "video/mp4");
        Thumbnails thumbnails = thumbnails(new HeifCommand(""), 1_000_000);

        assertThat(thumbnails.of(heic, 320)).isEmpty();
        assertThat(thumbnails.of(film, 320)).isEmpty();
    }

    @Test
    void aCacheThatCannotBeWrittenOnlyCostsTime() throws IOException {
        String picture = stored(NOTE, 0, "rgb.png", "image/png");
        Files.writeString(folder.resolve("browse-cache"), "not a directory");

        assertThat(thumbnails(1_000_000).of(picture, 320)).isPresent();
    }

    private Thumbnails thumbnails(long maxBytes) {
        return thumbnails(new HeifCommand("heif-dec {input} {output}"), maxBytes);
    }

    private Thumbnails thumbnails(HeifCommand heif, long maxBytes) {
        return new Thumbnails(
                new NoteView(database.jdbc()),
                store,
                heif,
                Settings.bind("archive", ArchiveProperties.class, "data-dir", folder),
                Settings.bind("archive.browse", BrowseProperties.class, "cache-size", maxBytes + "B"),
                clock);
    }

    private List<String> cached() throws IOException {
        Files.createDirectories(folder.resolve("browse-cache"));
        try (Stream<Path> files = Files.walk(folder.resolve("browse-cache"))) {
            return files.filter(Files::isRegularFile)
                    .map(file -> file.getFileName().toString())
                    .toList();
        }
    }

    private static String key(String sha256) {
        return "media/" + sha256;
    }

    private String stored(String note, int ordinal, String sample, String type) {
        byte[] bytes = Samples.bytes(sample);
        String sha256 = DigestUtils.sha256Hex(bytes);
        store.putBytes(new ObjectKey(key(sha256)), bytes, type);
        new FileRow(sha256, key(sha256), bytes.length, type).insert(note, "IMAGE", ordinal);
        return sha256;
    }

    private void erase(String note) {
        database.update("INSERT INTO forgotten_note (note_id, forgotten_at) VALUES (?, now())", note);
    }
}
