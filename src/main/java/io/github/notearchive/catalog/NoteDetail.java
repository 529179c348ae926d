package io.github.notearchive.catalog;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What an answer says of a note, in columns. Absent is null, never zero or empty. */
record NoteDetail(
        @Nullable String type,
        @Nullable String title,
        @Nullable String text,
        @Nullable Author author,
        @Nullable Instant publishedAt,
        @Nullable Instant editedAt,
        @Nullable String place,
        @Nullable String language,
        @Nullable Boolean downloadAllowed,
        @Nullable Boolean saveDisabled,
        @Nullable Boolean watermarkDisabled,
        @Nullable Boolean inCensor,
        @Nullable Integer privacyType,
        Counts counts,
        List<Topic> topics,
        List<Mention> mentions) {

    /** Engagement at the moment of the answer. */
    record Counts(
            @Nullable Long liked,
            @Nullable Long collected,
            @Nullable Long comments,
            @Nullable Long shared,
            @Nullable Long views) {}

    /** Who wrote it. */
    record Author(
            String id,
            @Nullable String redId,
            @Nullable String nickname,
            @Nullable String avatarUrl,
            @Nullable Boolean verified,
            @Nullable Integer verifiedType) {}

    /** A topic that the note is filed under. */
    record Topic(@Nullable String id, String name, @Nullable String type) {}

    /** A person whom the note names. */
    record Mention(@Nullable String userId, @Nullable String nickname) {}
}
