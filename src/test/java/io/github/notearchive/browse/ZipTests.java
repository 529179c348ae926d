package io.github.notearchive.browse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.notearchive.ArchiveDatabase;
import io.github.notearchive.SmallArchive;
import io.github.notearchive.store.ObjectKey;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Archives that readers download, which a program for ZIP opens, or which are visibly broken. */
class ZipTests {

    /** Bytes of a film: several parts, and more than the buffers of two connections. */
    private static final int LONG = 20 << 20;

    private static final String LONG_FILM = "65b0000000000000000000f1";
    private static final String MOST = "100";

    private static SmallArchive archive;
    private static BrowseServer server;
    private static byte[] film;
    private static ObjectKey filmKey;

    @BeforeAll
    static void start() {
        ArchiveDatabase.emptied();
        server = BrowseServer.start("zips", Map.of("archive.browse.zip-notes", MOST, "archive.browse.zip-size", "1GB"));
        archive = SmallArchive.whole(server.store());
        film = new byte[LONG];
        new Random(1).nextBytes(film);
        String sha256 = SmallArchive.sha256(film);
        filmKey = new ObjectKey("media/" + sha256.substring(0, 2) + "/" + sha256 + ".mp4");
        server.store().putBytes(filmKey, film, "video/mp4");
        archive.database().update("""
                        INSERT INTO media_object (sha256, object_key, size_bytes, content_type, stored_at, verified_at)
                        VALUES (?, ?, ?, 'video/mp4', '2026-03-10T04:00Z', '2026-03-10T04:00Z')
                        """, sha256, filmKey.value(), LONG);
        archive.database().update("""
                        INSERT INTO note (note_id, note_type, title, first_captured_at, last_captured_at)
                        VALUES (?, 'video', 'film', '2026-03-10T04:00Z', '2026-03-10T04:00Z')
                        """, LONG_FILM);
        archive.stored(LONG_FILM, "VIDEO", 0, sha256);
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static Map<String, byte[]> zip(String filter) throws IOException {
        HttpResponse<byte[]> response = server.get("/notes.zip?q=" + Site.encode(filter), BodyHandlers.ofByteArray());
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.headers().firstValue("Content-Disposition").orElse(""))
                .startsWith("attachment");
        Map<String, byte[]> entries = new LinkedHashMap<>();
        try (ZipInputStream zip = new ZipInputStream(new ByteArrayInputStream(response.body()))) {
            for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                entries.put(entry.getName(), zip.readAllBytes());
            }
        }
        return entries;
    }

    @Test
    void zipHasTheFilesOfAFolderExport() throws IOException {
        String directory = "notes/2026-02-10-" + SmallArchive.HOSTILE + "/";

        Map<String, byte[]> zip = zip("id:" + SmallArchive.HOSTILE);

        assertThat(zip.keySet())
                .contains(directory + "index.html", directory + "note.json", directory + "02.heic", "index.html")
                .doesNotContain("MISSING.txt");
        assertThat(zip.get(directory + "01.jpg")).isEqualTo(SmallArchive.bytes("baseline.jpg"));
        assertThat(zip.get(directory + "01-motion.mp4")).isEqualTo(SmallArchive.bytes("film.mp4"));
        assertThat(new String(zip.get("index.html"))).contains(directory + "index.html");
        assertThat(zip("id:" + LONG_FILM).get("notes/undated-" + LONG_FILM + "/video.mp4"))
                .isEqualTo(film);
    }

    @Test
    void pageSaysHowMuchAZipHas() throws IOException {
        assertThat(server.get("/zip?q=type:video").body())
                .containsPattern("<a class=\"button\" data-zip href=\"/notes.zip\\?q=type%3Avideo\">"
                        + "Zip of \\d+ notes with \\d+ files, 2\\d\\.\\d MB");
        assertThat(server.get("/notes/" + SmallArchive.LIVE).body()).contains("Zip: 3 files, 6.8 KB");
        assertThat(zip("state:failed").keySet()).noneMatch(name -> name.contains(SmallArchive.ERASED));
        assertThat(server.get("/zip?q=id:" + SmallArchive.ERASED).body()).doesNotContain("data-zip");
        assertThat(server.get("/notes.zip?q=id:" + SmallArchive.ERASED).statusCode())
                .isEqualTo(404);
    }

    @Test
    void whatExceedsTheLimitsHasTheCommandThatHasNone() {
        String size = "UPDATE media_object SET size_bytes = size_bytes + ? WHERE content_type = 'image/heic'";

        assertThat(server.get("/zip").body())
                .contains("These are more than " + MOST + " notes", "note-archive export --format folder");
        assertThat(server.get("/notes.zip").statusCode()).isEqualTo(413);
        archive.database().update(size, 2_000_000_000L);
        HttpResponse<String> large = server.get("/notes.zip?q=id:" + SmallArchive.HOSTILE);
        archive.database().update(size, -2_000_000_000L);
        assertThat(large.statusCode()).isEqualTo(413);
        assertThat(large.body())
                .containsPattern("These files are larger than 1\\.\\d+ GB")
                .contains("--filter 'id:" + SmallArchive.HOSTILE + "' notes");
    }

    @Test
    void lostAndChangedFilesAreNamed() throws IOException {
        ObjectKey heic = new ObjectKey(SmallArchive.key("picture.heic", "heic"));
        ObjectKey sound = new ObjectKey(SmallArchive.key("sound.m4a", "m4a"));
        server.store().remove(heic.value());
        server.store().putBytes(sound, new byte[SmallArchive.bytes("sound.m4a").length], "audio/mp4");

        Map<String, byte[]> zip = zip("id:" + SmallArchive.HOSTILE);

        server.store().putBytes(heic, SmallArchive.bytes("picture.heic"), "image/heic");
        server.store().putBytes(sound, SmallArchive.bytes("sound.m4a"), "audio/mp4");
        assertThat(new String(zip.get("MISSING.txt")))
                .contains("/02.heic: the store does not have it", "/audio.m4a: the store has other bytes");
        assertThat(zip.keySet()).noneMatch(name -> name.endsWith(".heic") || name.endsWith(".m4a"));
        assertThat(new String(zip.get("notes/2026-02-10-" + SmallArchive.HOSTILE + "/index.html")))
                .contains("IMAGE 2: not available in the store");
    }

    /** Its change is noticed when most of it was sent. */
    @Test
    void changedLongFileBreaksTheZip() {
        byte[] changed = film.clone();
        changed[LONG - 1]++;
        server.store().putBytes(filmKey, changed, "video/mp4");

        try {
            assertThatThrownBy(() -> zip("id:" + LONG_FILM)).hasRootCauseInstanceOf(IOException.class);
        } finally {
            server.store().putBytes(filmKey, film, "video/mp4");
        }
    }

    @Test
    void thirdZipAtATimeIsRefused() throws IOException {
        String path = "/notes.zip?q=id:" + LONG_FILM;
        HttpResponse<InputStream> first = server.get(path, BodyHandlers.ofInputStream());
        HttpResponse<InputStream> second = server.get(path, BodyHandlers.ofInputStream());
        try (InputStream one = first.body();
                InputStream two = second.body()) {
            HttpResponse<String> third = server.get(path);

            assertThat(third.statusCode()).isEqualTo(503);
            assertThat(third.headers().firstValue("Retry-After")).contains("60");
            assertThat(one.readAllBytes().length).isGreaterThan(LONG);
            assertThat(two.readAllBytes().length).isGreaterThan(LONG);
        }
        assertThat(zip("id:" + SmallArchive.LIVE)).isNotEmpty();
    }
}
