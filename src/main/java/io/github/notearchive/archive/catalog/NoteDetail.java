package io.github.notearchive.archive.catalog;

import io.github.notearchive.io.jdbc.Columns;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Rows of a response. Absent values are null, never zero or empty. The components of {@link NoteColumns},
 * {@link Capture} and {@link Author} are columns, see {@link Columns}.
 */
record NoteDetail(
        NoteColumns note, @Nullable Author author, List<Topic> topics, List<Mention> mentions, List<Comment> comments) {

    /** Columns of {@code note}; their database comments name the source fields. */
    record NoteColumns(
            @Nullable String noteType,
            @Nullable String title,
            @Nullable String noteText,
            @Nullable String authorId,
            @Nullable Instant publishedAt,
            @Nullable Instant editedAt,
            @Nullable String place,
            @Nullable String language,
            @Nullable Boolean downloadAllowed,
            @Nullable String downloadReason,
            @Nullable Boolean saveDisabled,
            @Nullable Boolean watermarkDisabled,
            @Nullable Boolean weiboCoverDisabled,
            @Nullable Boolean inCensor,
            @Nullable Integer privacyType,
            @Nullable Boolean pinned,
            @Nullable Integer commentRestriction,
            @Nullable Boolean coProduced,
            @Nullable Integer cooperationCount,
            @Nullable Boolean relatedGoods,
            @Nullable Integer imageCount,
            @Nullable Integer coverWidth,
            @Nullable Integer coverHeight,
            @Nullable Long videoDurationMs,
            @Nullable Boolean hasMusic,
            @Nullable String soundId,
            @Nullable String soundName,
            @Nullable String soundCreatorId,
            @Nullable Long soundDurationMs,
            @Nullable Long soundUseCount,
            @Nullable String musicId,
            @Nullable String musicName,
            @Nullable Long likedCount,
            @Nullable Long collectedCount,
            @Nullable Long commentsCount,
            @Nullable Long sharedCount,
            @Nullable Long viewCount,
            @Nullable String search) {}

    /** Columns of {@code note_capture}. */
    record Capture(
            @Nullable String title,
            @Nullable String noteText,
            @Nullable String authorId,
            @Nullable String authorNickname,
            @Nullable Long likedCount,
            @Nullable Long collectedCount,
            @Nullable Long commentsCount,
            @Nullable Long sharedCount,
            @Nullable Long viewCount) {

        /** Returns the columns kept of a video response. */
        Capture countsOnly() {
            return new Capture(
                    null, null, null, null, likedCount, collectedCount, commentsCount, sharedCount, viewCount);
        }
    }

    /** Columns of {@code author}. */
    record Author(
            String authorId,
            @Nullable String redId,
            @Nullable String nickname,
            @Nullable String avatarUrl,
            @Nullable Boolean verified,
            @Nullable Integer verifiedType) {}

    record Topic(
            @Nullable String topicId, String name, @Nullable String topicType) {}

    record Mention(@Nullable String userId, @Nullable String nickname) {}

    /** A comment in the response, or a reply to one. */
    record Comment(
            @Nullable String commentId,
            @Nullable String parentId,
            @Nullable String authorId,
            @Nullable String authorRedId,
            @Nullable String authorNickname,
            @Nullable String commentText,
            @Nullable Instant writtenAt,
            @Nullable String place,
            @Nullable Long likedCount,
            @Nullable Long replyCount) {}

    /** Returns the columns that describe the moment of the response; kept for each response. */
    Capture capture() {
        return new Capture(
                note.title(),
                note.noteText(),
                note.authorId(),
                author == null ? null : author.nickname(),
                note.likedCount(),
                note.collectedCount(),
                note.commentsCount(),
                note.sharedCount(),
                note.viewCount());
    }
}
