package io.github.notearchive.catalog;

import io.github.notearchive.catalog.MediaCatalog.SlotRow;
import io.github.notearchive.catalog.NoteDetail.Author;
import io.github.notearchive.catalog.NoteDetail.Mention;
import io.github.notearchive.catalog.NoteDetail.Topic;
import io.github.notearchive.note.AnswerJson;
import io.github.notearchive.note.MediaKind;
import io.github.notearchive.note.NoteCapture;
import io.github.notearchive.note.NoteId;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.namedparam.MapSqlParameterSource;
import org.springframework.jdbc.core.namedparam.NamedParameterJdbcOperations;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/**
 * The notes as captured: what each is now, what it was at every capture, and who and what stands in
 * it.
 */
@Repository
public class NoteCatalog {

    private final JdbcClient jdbc;
    private final NamedParameterJdbcOperations batches;
    private final MediaCatalog media;

    NoteCatalog(JdbcClient jdbc, NamedParameterJdbcOperations batches, MediaCatalog media) {
        this.jdbc = jdbc;
        this.batches = batches;
        this.media = media;
    }

    /**
     * Writes a note's answers, the note as that about it shows it, and the state of its files. Part
     * of the caller's transaction; a repeat adds nothing. Their sidecars are to be stored before.
     *
     * <p>An older answer than the newest known does not change the note. One that was bought for
     * its video has counts of its own and lists the files of the video; the note itself stays as
     * the answer about it shows it, since that of the video may leave out what this one says.
     */
    public void save(CapturedNote note, Instant now) {
        NoteCapture capture = note.capture();
        saveNote(capture, note.archivedAt());
        media.save(capture, false, note.filesOf(capture), now);
        NoteCapture video = note.video();
        if (video != null) {
            saveCapture(video, NoteMapper.map(video));
            media.save(video, true, note.filesOf(video), now);
        }
    }

    /**
     * Writes what the sidecar of an answer about a note tells, its files as they were found. Part
     * of the caller's transaction; a repeat changes nothing. The sidecars of a note are to come in
     * the order of their captures.
     *
     * @param archivedAt since when the note is complete; null when it is not
     */
    public void restore(NoteCapture capture, List<SlotRow> files, @Nullable Instant archivedAt) {
        saveNote(capture, archivedAt);
        media.saveSlots(capture, false, files);
    }

    /** The same for the sidecar of an answer that was bought for the note's video. */
    public void restoreVideo(NoteCapture video, List<SlotRow> files) {
        saveCapture(video, NoteMapper.map(video));
        media.saveSlots(video, true, files);
    }

    private void saveNote(NoteCapture capture, @Nullable Instant archivedAt) {
        NoteDetail detail = NoteMapper.map(capture);
        if (detail.author() != null) {
            saveAuthor(detail.author(), capture.capturedAt());
        }
        boolean newest = saveNote(capture, detail, archivedAt);
        saveCapture(capture, detail);
        if (newest) {
            saveTopics(capture.id(), detail.topics());
            saveMentions(capture.id(), detail.mentions());
        }
    }

    private void saveAuthor(Author author, Instant capturedAt) {
        jdbc.sql(
                        """
                        INSERT INTO author (author_id, red_id, nickname, avatar_url, verified, verified_type, updated_at)
                        VALUES (:id, :redId, :nickname, :avatarUrl, :verified, :verifiedType, :capturedAt)
                        ON CONFLICT (author_id) DO UPDATE
                        SET red_id = EXCLUDED.red_id, nickname = EXCLUDED.nickname, avatar_url = EXCLUDED.avatar_url,
                            verified = EXCLUDED.verified, verified_type = EXCLUDED.verified_type,
                            updated_at = EXCLUDED.updated_at
                        WHERE author.updated_at < EXCLUDED.updated_at
                        """)
                .param("id", author.id())
                .param("redId", author.redId())
                .param("nickname", author.nickname())
                .param("avatarUrl", author.avatarUrl())
                .param("verified", author.verified())
                .param("verifiedType", author.verifiedType())
                .param("capturedAt", Timestamp.from(capturedAt))
                .update();
    }

    private boolean saveNote(NoteCapture capture, NoteDetail detail, @Nullable Instant archivedAt) {
        return jdbc.sql(
                                """
                                INSERT INTO note (note_id, note_type, title, note_text, author_id, published_at, edited_at, place,
                                                  language, download_allowed, save_disabled, watermark_disabled, in_censor,
                                                  privacy_type, liked_count, collected_count, comments_count, shared_count,
                                                  view_count, first_captured_at, last_captured_at, archived_at)
                                VALUES (:noteId, :type, :title, :text, :authorId, :publishedAt, :editedAt, :place,
                                        :language, :downloadAllowed, :saveDisabled, :watermarkDisabled, :inCensor,
                                        :privacyType, :liked, :collected, :comments, :shared,
                                        :views, :capturedAt, :capturedAt, :archivedAt)
                                ON CONFLICT (note_id) DO UPDATE
                                SET note_type = EXCLUDED.note_type, title = EXCLUDED.title, note_text = EXCLUDED.note_text,
                                    author_id = EXCLUDED.author_id, published_at = EXCLUDED.published_at,
                                    edited_at = EXCLUDED.edited_at, place = EXCLUDED.place, language = EXCLUDED.language,
                                    download_allowed = EXCLUDED.download_allowed, save_disabled = EXCLUDED.save_disabled,
                                    watermark_disabled = EXCLUDED.watermark_disabled, in_censor = EXCLUDED.in_censor,
                                    privacy_type = EXCLUDED.privacy_type, liked_count = EXCLUDED.liked_count,
                                    collected_count = EXCLUDED.collected_count, comments_count = EXCLUDED.comments_count,
                                    shared_count = EXCLUDED.shared_count, view_count = EXCLUDED.view_count,
                                    last_captured_at = EXCLUDED.last_captured_at, archived_at = EXCLUDED.archived_at
                                WHERE note.last_captured_at <= EXCLUDED.last_captured_at
                                """)
                        .param("noteId", capture.id().value())
                        .param("type", detail.type())
                        .param("title", detail.title())
                        .param("text", detail.text())
                        .param("authorId", detail.author() == null ? null : detail.author().id())
                        .param("publishedAt", timestamp(detail.publishedAt()))
                        .param("editedAt", timestamp(detail.editedAt()))
                        .param("place", detail.place())
                        .param("language", detail.language())
                        .param("downloadAllowed", detail.downloadAllowed())
                        .param("saveDisabled", detail.saveDisabled())
                        .param("watermarkDisabled", detail.watermarkDisabled())
                        .param("inCensor", detail.inCensor())
                        .param("privacyType", detail.privacyType())
                        .param("liked", detail.counts().liked())
                        .param("collected", detail.counts().collected())
                        .param("comments", detail.counts().comments())
                        .param("shared", detail.counts().shared())
                        .param("views", detail.counts().views())
                        .param("capturedAt", Timestamp.from(capture.capturedAt()))
                        .param("archivedAt", timestamp(archivedAt))
                        .update()
                == 1;
    }

    private void saveCapture(NoteCapture capture, NoteDetail detail) {
        jdbc.sql(
                        """
                        INSERT INTO note_capture (note_id, captured_at, call_id, liked_count, collected_count, comments_count,
                                                  shared_count, view_count, answer, sidecar_key)
                        VALUES (:noteId, :capturedAt, :callId, :liked, :collected, :comments,
                                :shared, :views, :answer::jsonb, :sidecar)
                        ON CONFLICT (note_id, captured_at) DO UPDATE
                        SET sidecar_key = EXCLUDED.sidecar_key
                        """)
                .param("noteId", capture.id().value())
                .param("capturedAt", Timestamp.from(capture.capturedAt()))
                .param("callId", capture.callId())
                .param("liked", detail.counts().liked())
                .param("collected", detail.counts().collected())
                .param("comments", detail.counts().comments())
                .param("shared", detail.counts().shared())
                .param("views", detail.counts().views())
                .param("answer", answer(capture))
                .param("sidecar", Sidecar.keyOf(capture.id(), capture.capturedAt()).value())
                .update();
    }

    private static String answer(NoteCapture capture) {
        return StorableText.json(AnswerJson.read(capture.answer()).orElseThrow());
    }

    private void saveTopics(NoteId id, List<Topic> topics) {
        jdbc.sql("DELETE FROM note_topic WHERE note_id = :noteId")
                .param("noteId", id.value())
                .update();
        List<MapSqlParameterSource> rows = new ArrayList<>();
        for (Topic topic : topics) {
            rows.add(
                    new MapSqlParameterSource()
                            .addValue("noteId", id.value())
                            .addValue("ordinal", rows.size())
                            .addValue("topicId", topic.id())
                            .addValue("name", topic.name())
                            .addValue("type", topic.type()));
        }
        insert(
                rows,
                """
                INSERT INTO note_topic (note_id, ordinal, topic_id, name, topic_type)
                VALUES (:noteId, :ordinal, :topicId, :name, :type)
                """);
    }

    private void saveMentions(NoteId id, List<Mention> mentions) {
        jdbc.sql("DELETE FROM note_mention WHERE note_id = :noteId")
                .param("noteId", id.value())
                .update();
        List<MapSqlParameterSource> rows = new ArrayList<>();
        for (Mention mention : mentions) {
            rows.add(
                    new MapSqlParameterSource()
                            .addValue("noteId", id.value())
                            .addValue("ordinal", rows.size())
                            .addValue("userId", mention.userId())
                            .addValue("nickname", mention.nickname()));
        }
        insert(
                rows,
                """
                INSERT INTO note_mention (note_id, ordinal, user_id, nickname)
                VALUES (:noteId, :ordinal, :userId, :nickname)
                """);
    }

    private void insert(List<MapSqlParameterSource> rows, String sql) {
        if (!rows.isEmpty()) {
            batches.batchUpdate(sql, rows.toArray(MapSqlParameterSource[]::new));
        }
    }

    /** How this answer stands in the catalog; empty when it was never taken in. */
    public Optional<Taken> taken(NoteId id, Instant capturedAt) {
        return jdbc.sql(
                        """
                        SELECT n.archived_at
                        FROM note_capture c JOIN note n USING (note_id)
                        WHERE c.note_id = :noteId AND c.captured_at = :capturedAt
                        """)
                .param("noteId", id.value())
                .param("capturedAt", Timestamp.from(capturedAt))
                .query((row, _) -> new Taken(instant(row.getTimestamp("archived_at"))))
                .optional();
    }

    /** The call whose answer lists a file of a note; empty when there is no such file. */
    public Optional<Long> callListing(NoteId id, MediaKind kind, int ordinal) {
        return jdbc.sql(
                        """
                        SELECT c.call_id
                        FROM note_media m JOIN note_capture c USING (note_id, captured_at)
                        WHERE m.note_id = :noteId AND m.kind = :kind AND m.ordinal = :ordinal
                        """)
                .param("noteId", id.value())
                .param("kind", kind.name())
                .param("ordinal", ordinal)
                .query(Long.class)
                .optional();
    }

    /** What a person wants to see of a note first; empty when it was never captured. */
    public Optional<NoteLine> find(NoteId id) {
        return jdbc.sql(
                        """
                        SELECT n.title, n.note_type, a.nickname, n.published_at, n.first_captured_at, n.last_captured_at,
                               n.archived_at, (SELECT count(*) FROM note_capture c WHERE c.note_id = n.note_id) AS captures,
                               (SELECT c.sidecar_key FROM note_capture c WHERE c.note_id = n.note_id
                                ORDER BY c.captured_at DESC LIMIT 1) AS sidecar_key
                        FROM note n LEFT JOIN author a USING (author_id)
                        WHERE n.note_id = :noteId
                        """)
                .param("noteId", id.value())
                .query(
                        (row, _) ->
                                new NoteLine(
                                        row.getString("title"),
                                        row.getString("note_type"),
                                        row.getString("nickname"),
                                        instant(row.getTimestamp("published_at")),
                                        row.getTimestamp("first_captured_at").toInstant(),
                                        row.getTimestamp("last_captured_at").toInstant(),
                                        instant(row.getTimestamp("archived_at")),
                                        row.getInt("captures"),
                                        row.getString("sidecar_key")))
                .optional();
    }

    private static @Nullable Timestamp timestamp(@Nullable Instant instant) {
        return instant == null ? null : Timestamp.from(instant);
    }

    private static @Nullable Instant instant(@Nullable Timestamp timestamp) {
        return timestamp == null ? null : timestamp.toInstant();
    }

    /**
     * An answer that was taken in.
     *
     * @param archivedAt since when its note is complete; null when it is not
     */
    public record Taken(@Nullable Instant archivedAt) {}

    /** A captured note in one line. */
    public record NoteLine(
            @Nullable String title,
            @Nullable String type,
            @Nullable String author,
            @Nullable Instant publishedAt,
            Instant firstCapturedAt,
            Instant lastCapturedAt,
            @Nullable Instant archivedAt,
            int captures,
            @Nullable String sidecarKey) {}
}
