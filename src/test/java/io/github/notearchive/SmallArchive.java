package io.github.notearchive;

import io.github.notearchive.embedded.DataDirectory;
import io.github.notearchive.embedded.EmbeddedStore;
import io.github.notearchive.store.ObjectKey;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoreFixture;
import java.awt.Color;
import java.awt.GradientPaint;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;
import org.apache.commons.codec.digest.DigestUtils;
import org.apache.commons.io.FileUtils;
import org.apache.commons.io.function.Uncheck;

/** An archive of few notes in a real database and a real store. */
public final class SmallArchive implements AutoCloseable {

    public static final String HOSTILE = "65a000000000000000000001";
    public static final String FORMULA = "65a000000000000000000002";
    public static final String VIDEO = "65a000000000000000000003";
    public static final String BARE = "65a000000000000000000004";

    public static final String HOSTILE_TITLE =
            "</title><script>alert(1)</script>\"'& ../../etc/passwd\u202e CON|x:\n第二行";
    public static final String HOSTILE_TEXT = "清晨 <img src=x onerror=alert(2)>\n\"引号\", 逗号\tUntitled 🍚";
    public static final String FORMULA_TITLE = "=HYPERLINK(\"http://evil.example\",\"看\")";
    public static final String AUTHOR = "5cc800000000000000000001";

    private static final int ORDINARY = 70;

    private static final String LINES = """
            INSERT INTO author (author_id, red_id, nickname, avatar_url, verified, verified_type, updated_at)
            VALUES ('5cc800000000000000000001', '518955047', '松间<b>', 'https://example.org/a.jpg', true, 1, '2026-03-10T00:00Z'),
                   ('5cc800000000000000000002', NULL, NULL, NULL, NULL, NULL, '2026-03-10T00:00Z');
            INSERT INTO note (note_id, note_type, author_id, published_at, edited_at, place, language, download_allowed,
                              in_censor, privacy_type, liked_count, collected_count, comments_count, shared_count, view_count,
                              first_captured_at, last_captured_at, archived_at)
            VALUES ('65a000000000000000000001', 'normal', '5cc800000000000000000001', '2026-02-10T04:13:24.123456Z',
                    '2026-02-11T00:00Z', '浙江', 'zh', true, false, 0, 9007199254740993, 3, 0, NULL, 0,
                    '2026-03-10T04:00Z', '2026-03-12T04:00Z', '2026-03-12T04:00Z'),
                   ('65a000000000000000000002', 'normal', '5cc800000000000000000001', '2026-02-20T00:00Z',
                    NULL, NULL, NULL, NULL, NULL, NULL, 5, NULL, NULL, NULL, NULL,
                    '2026-03-10T04:00Z', '2026-03-10T04:00Z', '2026-03-10T04:00Z'),
                   ('65a000000000000000000003', 'video', '5cc800000000000000000002', NULL,
                    NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
                    '2026-03-11T04:00Z', '2026-03-11T04:00Z', NULL),
                   ('65a000000000000000000004', NULL, NULL, NULL,
                    NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
                    '2026-03-11T04:00Z', '2026-03-11T04:00Z', NULL);
            INSERT INTO worklist (note_id, state, reason, due_at, source, enqueued_at)
            VALUES ('65a000000000000000000001', 'ARCHIVED', NULL, NULL, 'test', '2026-03-01T00:00Z'),
                   ('65a000000000000000000002', 'ARCHIVED', NULL, NULL, 'test', '2026-03-01T00:00Z'),
                   ('65a000000000000000000003', 'FAILED', 'REJECTED', NULL, 'test', '2026-03-01T00:00Z'),
                   ('65a000000000000000000009', 'PENDING', NULL, '2026-03-01T00:00Z', 'test', '2026-03-01T00:00Z');
            INSERT INTO note_topic (note_id, ordinal, topic_id, name, topic_type)
            VALUES ('65a000000000000000000001', 0, 't1', '国风', 'topic'),
                   ('65a000000000000000000001', 1, NULL, '拍照,"姿势"', NULL),
                   ('65a000000000000000000002', 0, 't1', '国风', 'topic');
            INSERT INTO note_mention (note_id, ordinal, user_id, nickname)
            VALUES ('65a000000000000000000001', 0, '5cc800000000000000000002', '=朋友'),
                   ('65a000000000000000000002', 0, '5cc800000000000000000001', '松间');
            """;

    /** Changes of the four notes, as the program makes them. */
    public static final List<String> CHANGES = List.of(
            // refreshed: the note, a capture and its parts
            """
            UPDATE note SET liked_count = coalesce(liked_count, 0) + 1, last_captured_at = last_captured_at + interval '1 day'
            WHERE note_id = '65a000000000000000000001';
            DELETE FROM note_topic WHERE note_id = '65a000000000000000000001' AND ordinal = 1
            """,
            // a slot is filled, one is waived, one is dropped
            "UPDATE note_media SET state = 'WAIVED', reason = 'POLICY' WHERE state = 'MISSING'",
            "DELETE FROM note_media WHERE note_id = '65a000000000000000000001' AND kind = 'AUDIO'",
            "UPDATE note_media SET width = coalesce(width, 0) + 1 WHERE note_id = '65a000000000000000000002'",
            // an author is renamed
            "UPDATE author SET nickname = nickname || '!' WHERE author_id = '5cc800000000000000000001'",
            // a person is erased from other notes
            "DELETE FROM note_mention WHERE note_id = '65a000000000000000000002'",
            "DELETE FROM note_comment",
            // an older capture is mapped again
            "UPDATE note_capture SET title = coalesce(title, '') || 'x' WHERE note_id = '65a000000000000000000003'",
            // requeued, and settled
            "UPDATE worklist SET state = 'PENDING', reason = NULL, due_at = now() WHERE state = 'FAILED'",
            "UPDATE worklist SET settled_at = now(), attempts = attempts + 1 WHERE note_id = '65a000000000000000000009'",
            // erased
            """
            INSERT INTO forgotten_note (note_id, forgotten_at, reason) VALUES ('65a000000000000000000004', now(), 'asked')
            ON CONFLICT DO NOTHING;
            DELETE FROM note_capture WHERE note_id = '65a000000000000000000004';
            DELETE FROM note WHERE note_id = '65a000000000000000000004'
            """);

    /** Started once for all tests of this JVM. */
    private static final EmbeddedStore SERVER = serve();

    private static int buckets;

    private final ArchiveDatabase database = ArchiveDatabase.emptied();
    private final ObjectStore store;

    private SmallArchive(ObjectStore store) {
        this.store = store;
        store.ensureBucket();
        addFourNotes();
    }

    /**
     * Returns an archive with four notes: one with everything and with hostile text; one with formulas of a
     * spreadsheet; a video; and one without content.
     */
    public static SmallArchive ofFourNotes() {
        return new SmallArchive(StoreFixture.of(SERVER, "archive-" + ++buckets));
    }

    /**
     * Returns an archive with the four notes, notes of each kind of file and state, an erased note, hostile texts in
     * each place where the archive has texts of others, and enough notes for several pages.
     */
    public static SmallArchive whole() {
        return whole(StoreFixture.of(SERVER, "archive-" + ++buckets));
    }

    /** As above, in a given store. */
    public static SmallArchive whole(ObjectStore store) {
        SmallArchive archive = new SmallArchive(store);
        archive.addKinds();
        archive.addHostileTexts();
        archive.addOrdinaryNotes();
        archive.addNights();
        archive.database.update("UPDATE note SET search = search_text(concat_ws(E'\\n', title, note_text))");
        return archive;
    }

    /** Sets all times of changes back, so that the overlap of an hour does not contain them. */
    public void makeOld(String age) {
        for (String table : List.of("note", "note_capture", "note_media", "author", "worklist")) {
            database.update("ALTER TABLE " + table + " DISABLE TRIGGER USER");
            database.update("UPDATE " + table + " SET changed_at = changed_at - ?::interval", age);
            database.update("ALTER TABLE " + table + " ENABLE TRIGGER USER");
        }
    }

    public ArchiveDatabase database() {
        return database;
    }

    /** Returns the server of all stores. */
    public static EmbeddedStore server() {
        return SERVER;
    }

    public ObjectStore store() {
        return store;
    }

    @Override
    public void close() {
        store.close();
    }

    private static EmbeddedStore serve() {
        try {
            Path root = Files.createTempDirectory("note-archive-exports");
            DataDirectory directory = DataDirectory.open(root);
            Runtime.getRuntime().addShutdownHook(new Thread(() -> {
                directory.close();
                FileUtils.deleteQuietly(root.toFile());
            }));
            return new EmbeddedStore(directory, false);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void addFourNotes() {
        database.update(LINES);
        text(HOSTILE, HOSTILE_TITLE, HOSTILE_TEXT);
        text(FORMULA, FORMULA_TITLE, "");
        capture(HOSTILE, "2026-03-10T04:00Z", 10L);
        capture(HOSTILE, "2026-03-11T04:00Z", 20L);
        capture(HOSTILE, "2026-03-12T04:00Z", null);
        capture(FORMULA, "2026-03-10T04:00Z", 5L);
        capture(VIDEO, "2026-03-11T04:00Z", null);
        capture(BARE, "2026-03-11T04:00Z", null);
        database.update("""
                        INSERT INTO note_comment (note_id, captured_at, ordinal, comment_id, author_id, author_nickname,
                                                  comment_text, place, liked_count)
                        VALUES (?, '2026-03-12T04:00Z', 0, 'c1', '5cc800000000000000000002', '=朋友', '好看', '云南', 3)
                        """, HOSTILE);
        String jpeg = object("baseline.jpg", "jpg", "image/jpeg");
        String heic = object("picture.heic", "heic", "image/heic");
        String film = object("film.mp4", "mp4", "video/mp4");
        String sound = object("sound.m4a", "m4a", "audio/mp4");
        stored(HOSTILE, "IMAGE", 0, jpeg);
        stored(HOSTILE, "IMAGE", 1, heic);
        stored(HOSTILE, "MOTION", 0, film);
        stored(HOSTILE, "AUDIO", 0, sound);
        stored(FORMULA, "IMAGE", 0, jpeg);
        stored(VIDEO, "VIDEO", 0, film);
        database.update("""
                        INSERT INTO note_media (note_id, kind, ordinal, identity, state, reason, captured_at, updated_at)
                        VALUES (?, 'IMAGE', 0, 'gone', 'MISSING', 'GONE', '2026-03-11T04:00Z', '2026-03-11T04:00Z')
                        """, VIDEO);
    }

    /** 30 texts that are harmless only if each place where they appear escapes them. */
    public static final List<String> HOSTILE_TEXTS = List.of(
            "<script>window.owned=1;alert(1)</script>",
            "</title><script>window.owned=1</script>",
            "</h1></main><img src=x onerror=window.owned=1>",
            "\"><svg onload=window.owned=1>",
            "' onfocus='window.owned=1' autofocus='",
            "\" onmouseover=\"window.owned=1\" style=\"position:fixed;inset:0",
            "javascript:window.owned=1",
            "data:text/html,<script>window.owned=1</script>",
            "<a href=javascript:window.owned=1>press</a>",
            "<iframe srcdoc='<script>parent.owned=1</script>'>",
            "<style>*{display:none}</style>",
            "<base href=//evil.example/>",
            "<meta http-equiv=refresh content='0;url=//evil.example'>",
            "<form action=//evil.example><button>press",
            "<link rel=stylesheet href=//evil.example/a.css>",
            "<img src=//evil.example/a.png>",
            "<video><source onerror=window.owned=1></video>",
            "<math><mtext></form><form><mglyph><style></math><img src onerror=window.owned=1>",
            "&lt;script&gt;window.owned=1&lt;/script&gt;",
            "&#60;script&#62;window.owned=1",
            "${7*7} #{7*7} {{7*7}} <%= 7*7 %> $unsafe{x}",
            "{0} '{1}' {9999,number}",
            "%s %n %00 \\u003cscript\\u003e",
            "]]><script>window.owned=1</script><![CDATA[",
            "--><script>window.owned=1</script><!--",
            "\u202egnp.exe \u2066hidden\u2069 \u0007\u001b[31mred",
            "\u0645\u0631\u062d\u0628\u0627 <b>\u05e9\u05dc\u05d5\u05dd</b> Z\u0361\u0335\u0489a\u0336\u0323l\u0337g\u0335\u0322o",
            "W".repeat(400),
            "../../etc/passwd?a=b&c=d#e;f",
            "' OR 1=1; DROP TABLE note; --");

    /** Notes of {@link #whole}, by what they show. */
    public static final String LIVE = "65b000000000000000000001";

    public static final String PICTURES = "65b000000000000000000002";
    public static final String FILM = "65b000000000000000000003";
    public static final String GONE = "65b000000000000000000004";
    public static final String EDITED = "65b000000000000000000005";
    public static final String GAPS = "65b000000000000000000006";
    public static final String ERASED = "65b000000000000000000007";
    public static final String TWO_NAMES = "5cc800000000000000000003";

    private void addKinds() {
        author(TWO_NAMES, "山月（新）");
        String jpeg = object("progressive.jpg", "jpg", "image/jpeg");
        String film = sha256(bytes("film.mp4"));
        note(LIVE, "normal", "实况：海边的早晨", "风很大。#海边[话题]#", "2026-03-20T01:00Z");
        stored(LIVE, "IMAGE", 0, jpeg);
        stored(LIVE, "MOTION", 0, film);
        stored(LIVE, "AUDIO", 0, sha256(bytes("sound.m4a")));
        note(PICTURES, "normal", "五种图片", "JPEG、PNG、GIF、WebP、HEIC、AVIF", "2026-03-19T01:00Z");
        String[][] pictures = {
            {"rgb.png", "png", "image/png"},
            {"still.gif", "gif", "image/gif"},
            {"lossy.webp", "webp", "image/webp"},
            {"tiles.heic", "heic", "image/heic"},
            {"picture.avif", "avif", "image/avif"}
        };
        for (int i = 0; i < pictures.length; i++) {
            stored(PICTURES, "IMAGE", i, object(pictures[i][0], pictures[i][1], pictures[i][2]));
        }
        note(FILM, "video", "三十秒教程", "看完就会。", "2026-02-18T01:00Z");
        stored(FILM, "IMAGE", 0, jpeg);
        stored(FILM, "VIDEO", 0, film);
        stored(
                FILM,
                "SUBTITLE",
                0,
                object("WEBVTT\n\n00:00.000 --> 00:01.000\n你好\n".getBytes(StandardCharsets.UTF_8), "vtt", "text/vtt"));
        note(GONE, "normal", "已删除的笔记", "它曾经在这里。", "2026-01-17T01:00Z");
        database.update("""
                        UPDATE worklist SET state = 'UNAVAILABLE', reason = 'NOT_FOUND', last_code = 404,
                               gone_since = '2026-04-01T00:00Z', settled_at = '2026-04-01T00:00Z'
                        WHERE note_id = ?
                        """, GONE);
        stored(GONE, "IMAGE", 0, jpeg);
        note(EDITED, "normal", "标题改过三次（终版）", "第一行\n第二行改了\n第三行", "2026-01-16T01:00Z");
        capture(EDITED, "2026-03-22T04:00Z", 120L);
        capture(EDITED, "2026-03-23T04:00Z", 250L);
        String mapped =
                "UPDATE note_capture SET title = ?, note_text = ?, author_id = ?, author_nickname = ?, mapper_version = 1"
                        + " WHERE note_id = ? AND captured_at = ?::timestamptz";
        database.update(mapped, "标题", "第一行\n第二行\n第三行", TWO_NAMES, "山月", EDITED, "2026-03-21T04:00Z");
        database.update(mapped, "标题改过", "第一行\n第二行", TWO_NAMES, "山月", EDITED, "2026-03-22T04:00Z");
        database.update(mapped, "标题改过三次（终版）", "第一行\n第二行改了\n第三行", TWO_NAMES, "山月（新）", EDITED, "2026-03-23T04:00Z");
        database.update("UPDATE note SET last_captured_at = '2026-03-23T04:00Z' WHERE note_id = ?", EDITED);
        stored(EDITED, "IMAGE", 0, jpeg);
        note(GAPS, "normal", "有缺口", "两张图片缺失。", "2026-01-15T01:00Z");
        stored(GAPS, "IMAGE", 0, jpeg);
        gap(GAPS, 1, "MISSING", "GONE");
        gap(GAPS, 2, "WAIVED", "lost at the source");
        database.update(
                "UPDATE worklist SET state = 'FAILED', reason = 'MEDIA_INCOMPLETE', due_at = NULL WHERE note_id = ?",
                GAPS);
        note(ERASED, "normal", "erased title", "erased text", "2026-03-25T01:00Z");
        stored(ERASED, "IMAGE", 0, object("palette.png", "png", "image/png"));
        database.update("INSERT INTO forgotten_note (note_id, forgotten_at) VALUES (?, '2026-04-02T00:00Z')", ERASED);
    }

    private void addHostileTexts() {
        for (int i = 0; i < HOSTILE_TEXTS.size(); i++) {
            String text = HOSTILE_TEXTS.get(i);
            String author = hostileAuthor(i);
            String note = hostileNote(i);
            author(author, text);
            note(note, "normal", text, text + "\n" + text, "2021-02-%02dT02:00Z".formatted(i % 28 + 1), author);
            database.update("INSERT INTO note_topic (note_id, ordinal, name) VALUES (?, 0, ?)", note, text);
            database.update(
                    "INSERT INTO note_mention (note_id, ordinal, user_id, nickname) VALUES (?, 0, ?, ?)",
                    note,
                    author,
                    text);
        }
        // observed for long enough
        database.update("UPDATE note SET last_captured_at = '2026-03-31T04:00Z' WHERE note_id LIKE '65c%'");
    }

    /** Returns the author whose name is the hostile text of this number. */
    public static String hostileAuthor(int number) {
        return "5cd8%020d".formatted(number);
    }

    /** Returns the note with the hostile text of this number. */
    public static String hostileNote(int number) {
        return "65c%021d".formatted(number);
    }

    /** Adds notes of many months with pictures of several shapes, for more than one page of the wall. */
    private void addOrdinaryNotes() {
        String[] titles = {
            "周末去哪儿｜杭州三日慢游",
            "一人食：十分钟番茄牛腩",
            "旧物改造，把阳台变成小书房",
            "冬天的第一杯热可可",
            "手账模板分享",
            "带猫搬家的第七天",
            "秋日穿搭｜大衣与围巾",
            "Film photos from Lisbon",
            "新手养多肉，别再浇水了",
            "凌晨四点的菜市场"
        };
        int[][] shapes = {{480, 640}, {640, 480}, {480, 480}, {360, 640}};
        List<String> files = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            int[] shape = shapes[i % shapes.length];
            files.add(object(gradient(shape[0], shape[1], i), "jpg", "image/jpeg"));
        }
        for (int i = 0; i < ORDINARY; i++) {
            String note = "65d%021d".formatted(i);
            LocalDate day = LocalDate.of(2026, 1, 10).minusDays(i * 11L);
            note(
                    note,
                    i % 7 == 3 ? "video" : "normal",
                    titles[i % titles.length],
                    "正文 " + i,
                    day + "T08:00Z",
                    i % 3 == 0 ? AUTHOR : TWO_NAMES);
            if (i % 9 != 5) {
                stored(note, "IMAGE", 0, files.get(i % files.size()));
            }
            database.update(
                    "INSERT INTO note_topic (note_id, ordinal, name) VALUES (?, 0, ?)", note, i % 2 == 0 ? "生活" : "国风");
        }
    }

    private static byte[] gradient(int width, int height, int number) {
        BufferedImage picture = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = picture.createGraphics();
        Color from = Color.getHSBColor(number / 12f, 0.35f, 0.95f);
        Color to = Color.getHSBColor(number / 12f + 0.12f, 0.6f, 0.55f);
        graphics.setPaint(new GradientPaint(0, 0, from, width, height, to));
        graphics.fillRect(0, 0, width, height);
        graphics.setPaint(new Color(255, 255, 255, 60));
        graphics.fillOval(width / 4, height / 4, width / 2, width / 2);
        graphics.dispose();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        Uncheck.run(() -> ImageIO.write(picture, "jpg", bytes));
        return bytes.toByteArray();
    }

    private void addNights() {
        for (int i = 0; i < 3; i++) {
            database.update("""
                            INSERT INTO run_summary (night, node, began_at, ended_at, exit_number, exit_code, reason, archived,
                                   unavailable, postponed, failed, released, refreshed, files_stored, bytes_stored, files_differing, media_requests,
                                   worklist_pending, worklist_postponed, worklist_archived, worklist_gone, worklist_failed, due,
                                   objects, object_bytes, never_verified, open_findings, open_notes, settings)
                            SELECT '2026-03-10'::date + ?, 'main', ('2026-03-10T17:00Z'::timestamptz + ? * interval '1 day'),
                                   ('2026-03-10T18:24Z'::timestamptz + ? * interval '1 day'), ?, ?, 'the worklist has no due notes.', 412,
                                   3, 12, ?, 0, 20, 1650, 2300000000, 0, 1702, 40, 12, 412, 3, 1, 40, 1650, 2300000000, 0, 0, '[]', '{}'
                            """, i, i, i, i == 1 ? 3 : 0, i == 1 ? "QUOTA_EXHAUSTED" : "COMPLETED", i);
        }
    }

    private void author(String id, String name) {
        database.update(
                "INSERT INTO author (author_id, red_id, nickname, updated_at) VALUES (?, '42', ?, '2026-03-10T00:00Z')",
                id,
                name);
    }

    private void note(String id, String type, String title, String text, String published) {
        note(id, type, title, text, published, TWO_NAMES);
    }

    private void note(String id, String type, String title, String text, String published, String author) {
        database.update("""
                        INSERT INTO note (note_id, note_type, title, note_text, language, author_id, published_at, liked_count,
                                          collected_count, comments_count, shared_count, first_captured_at, last_captured_at, archived_at)
                        VALUES (?, ?, ?, ?, 'zh', ?, ?::timestamptz, 1234, 56, 7, 0, '2026-03-21T04:00Z', '2026-03-21T04:00Z', '2026-03-21T04:00Z')
                        """, id, type, title, text, author, published);
        database.update(
                "INSERT INTO worklist (note_id, state, source, enqueued_at, settled_at) VALUES (?, 'ARCHIVED', 'test', '2026-03-01T00:00Z', '2026-03-21T04:00Z')",
                id);
        capture(id, "2026-03-21T04:00Z", 100L);
    }

    private void gap(String note, int ordinal, String state, String reason) {
        database.update("""
                        INSERT INTO note_media (note_id, kind, ordinal, identity, state, reason, captured_at, updated_at)
                        VALUES (?, 'IMAGE', ?, 'none', ?, ?, '2026-03-21T04:00Z', '2026-03-21T04:00Z')
                        """, note, ordinal, state, reason);
    }

    /** The key of a file of the tests that was stored. */
    public static String key(String name, String extension) {
        String sha256 = sha256(bytes(name));
        return "media/" + sha256.substring(0, 2) + "/" + sha256 + "." + extension;
    }

    public static byte[] bytes(String name) {
        try (InputStream in = SmallArchive.class.getResourceAsStream("/media/" + name)) {
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public static String sha256(byte[] bytes) {
        return DigestUtils.sha256Hex(bytes);
    }

    public void text(String note, String title, String text) {
        database.update("UPDATE note SET title = ?, note_text = ? WHERE note_id = ?", title, text, note);
    }

    public void capture(String note, String at, Long likes) {
        OffsetDateTime time = OffsetDateTime.parse(at);
        database.update("""
                        INSERT INTO api_call (note_id, endpoint, sent_at, received_at, billed)
                        VALUES (?, 'note-detail/v1', ?, ?, 'YES')
                        """, note, time, time);
        database.update("""
                        INSERT INTO note_capture (note_id, captured_at, call_id, liked_count, response)
                        VALUES (?, ?, (SELECT max(id) FROM api_call), ?, '{}')
                        """, note, time, likes);
    }

    private String object(String name, String extension, String type) {
        return object(bytes(name), extension, type);
    }

    private String object(byte[] bytes, String extension, String type) {
        String sha256 = sha256(bytes);
        String key = "media/" + sha256.substring(0, 2) + "/" + sha256 + "." + extension;
        store.putBytes(new ObjectKey(key), bytes, type);
        database.update("""
                        INSERT INTO media_object (sha256, object_key, size_bytes, content_type, stored_at, verified_at)
                        VALUES (?, ?, ?, ?, '2026-03-10T04:00Z', '2026-03-10T04:00Z')
                        """, sha256, key, bytes.length, type);
        return sha256;
    }

    public void stored(String note, String kind, int ordinal, String sha256) {
        database.update("""
                        INSERT INTO note_media (note_id, kind, ordinal, identity, state, rendition, width, height, sha256,
                                                captured_at, updated_at)
                        VALUES (?, ?, ?, 'file', 'STORED', 'original', 1080, NULL, ?,
                                '2026-03-10T04:00Z', '2026-03-10T04:00Z')
                        """, note, kind, ordinal, sha256);
    }
}
