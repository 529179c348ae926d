package io.github.notearchive.archive.catalog;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonProperty.Access;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.github.notearchive.io.jdbc.PostgresText;
import io.github.notearchive.note.MediaKind;
import io.github.notearchive.note.MediaSlot;
import io.github.notearchive.note.MediaSlots;
import io.github.notearchive.note.Night;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A row of {@code note_media} with its object, as stored in the sidecar.
 *
 * @param media its object; null if it has none, or if the row of the object is lost
 * @param damage finding of the last audit about the object; null if there is none
 */
public record SlotRow(
        MediaKind kind,
        int ordinal,
        String identity,
        SlotState state,
        @Nullable String reason,
        @Nullable String rendition,
        @Nullable Integer width,
        @Nullable Integer height,

        @JsonUnwrapped @JsonProperty(access = Access.READ_ONLY) @Nullable
        StoredMedia media,

        @Nullable String checks,
        @Nullable String error,
        @Nullable Night deadNight,
        @JsonIgnore @Nullable String damage,
        Instant updatedAt) {

    /** Subtitles of a note that are searched; bounds the length of a sidecar. */
    static final int MAX_WITH_WORDS = 16;

    /**
     * Reason of a slot that a refresh added and whose file was unavailable. It is waived, since the note stays
     * archived, until a later attempt succeeds.
     */
    public static final String NOT_REFRESHED = "NOT_REFRESHED";

    /** Reason of a slot stored in a lesser rendition than the best one offered. */
    private static final String DEGRADED = "DEGRADED";

    private static final Instant NO_TIME = Instant.EPOCH;

    /** Waivers that follow from responses and were not given by an operator. */
    private static final Set<String> NOT_OFFERED = Set.of(MediaSlots.NOT_OFFERED_BY_V1, MediaSlots.NOT_OFFERED_BY_V6);

    public SlotRow {
        media = media == null || ordinal < MAX_WITH_WORDS ? media : media.with(null);
        identity = PostgresText.ofText(MediaSlot.bounded(identity));
        reason = PostgresText.of(reason);
        rendition = PostgresText.of(rendition);
        checks = PostgresText.of(checks);
        error = PostgresText.of(error);
    }

    /** State of a slot: the values of {@code note_media.state}. */
    public enum SlotState {
        STORED,
        /** Empty; the row states why. */
        MISSING,
        /** Empty, and accepted as such. */
        WAIVED
    }

    public enum Gap {
        RETRY,
        /** All URLs of the response have expired; a new response may have others. */
        DEAD,
        /** All URLs have expired in responses bought on two nights. */
        GONE,
        /** The required call was not made, or did not return the note. */
        NO_ANSWER
    }

    /**
     * Returns the row of a file that is stored and verified. Rows created by this and the next two methods have no time
     * until {@link #at}.
     *
     * @param checks result of comparing the bytes with the promised length and digest, and oddities; null if nothing
     *     was promised
     * @param lesserBecause why a lesser rendition than the best one offered was used; null for the best
     */
    public static SlotRow stored(
            MediaSlot slot,
            StoredMedia media,
            @Nullable String rendition,
            @Nullable Integer width,
            @Nullable Integer height,
            @Nullable String checks,
            @Nullable String lesserBecause) {
        String reason = lesserBecause == null ? null : DEGRADED;
        return without(slot, SlotState.STORED, reason, lesserBecause, null)
                .copy(media, rendition, width, height, checks, NO_TIME);
    }

    /** Returns the row of a file that is accepted as missing, by name. */
    public static SlotRow waived(MediaSlot slot, String reason) {
        return without(slot, SlotState.WAIVED, reason, null, null);
    }

    /** Returns the row of a missing file; {@code deadNight} is that of the first response with expired URLs only. */
    public static SlotRow missing(MediaSlot slot, Gap gap, String error, @Nullable Night deadNight) {
        return without(slot, SlotState.MISSING, gap.name(), error, deadNight);
    }

    private static SlotRow without(
            MediaSlot slot,
            SlotState state,
            @Nullable String reason,
            @Nullable String error,
            @Nullable Night deadNight) {
        MediaKind kind = slot.kind();
        int ordinal = slot.ordinal();
        String identity = slot.identity();
        return new SlotRow(
                kind, ordinal, identity, state, reason, null, null, null, null, null, error, deadNight, null, NO_TIME);
    }

    public SlotRow asMissing(String why, Instant now) {
        return missing(slot(), Gap.RETRY, why, null).at(now);
    }

    public SlotRow at(Instant time) {
        return copy(media, rendition, width, height, checks, time);
    }

    public SlotRow with(StoredMedia known) {
        return copy(known, rendition, width, height, checks, updatedAt);
    }

    private SlotRow copy(
            @Nullable StoredMedia newMedia,
            @Nullable String newRendition,
            @Nullable Integer newWidth,
            @Nullable Integer newHeight,
            @Nullable String newChecks,
            Instant time) {
        return new SlotRow(
                kind,
                ordinal,
                identity,
                state,
                reason,
                newRendition,
                newWidth,
                newHeight,
                newMedia,
                newChecks,
                error,
                deadNight,
                damage,
                time);
    }

    /** Returns the row of a stored or waived slot; empty for a damaged file and one that a refresh did not obtain. */
    public Optional<SlotRow> settled(MediaSlot slot) {
        return damage == null && !NOT_REFRESHED.equals(reason) ? recorded(slot) : Optional.empty();
    }

    /** Returns the row of a stored or waived slot, regardless of damage. */
    public Optional<SlotRow> recorded(MediaSlot slot) {
        if (media != null) {
            String lesserBecause = isLesser() ? String.valueOf(error) : null;
            return Optional.of(stored(slot, media, rendition, width, height, checks, lesserBecause));
        }
        return state == SlotState.WAIVED && reason != null ? Optional.of(waived(slot, reason)) : Optional.empty();
    }

    /** Returns why the file is missing; {@link Gap#RETRY} for an unknown reason. */
    public Gap gap() {
        return Stream.of(Gap.values())
                .filter(gap -> gap.name().equals(reason))
                .findFirst()
                .orElse(Gap.RETRY);
    }

    public boolean isMissing() {
        return state == SlotState.MISSING;
    }

    /** Returns whether the stored file is a lesser rendition than the best one offered. */
    public boolean isLesser() {
        return media != null && DEGRADED.equals(reason);
    }

    public MediaSlot slot() {
        return new MediaSlot(kind, ordinal, identity, List.of(), null);
    }

    /** Returns whether this row holds the file of a slot by source name, in any position. */
    public boolean hasFileOf(MediaSlot slot) {
        return media != null && slot.named() && kind == slot.kind() && hasIdentityOf(slot);
    }

    /** Returns whether this row is about the file of a slot: same position and same source name. */
    public boolean isFor(MediaSlot slot) {
        return kind == slot.kind() && ordinal == slot.ordinal() && hasIdentityOf(slot);
    }

    private boolean hasIdentityOf(MediaSlot slot) {
        return identity.equals(PostgresText.of(slot.identity()));
    }

    /**
     * Returns the status of a video and its subtitles that no response offers. Stored files and waivers of operators
     * are kept, also files that an audit found damaged, except for a pending video.
     *
     * @param otherwise status of a video that is neither stored nor waived by an operator; null for the recorded reason
     */
    public static List<SlotRow> withoutOffer(MediaSlot slot, List<SlotRow> rows, @Nullable SlotRow otherwise) {
        Optional<SlotRow> row = rows.stream()
                .filter(r -> r.kind() == MediaKind.VIDEO && r.ordinal() == slot.ordinal())
                .findFirst();
        SlotRow video = row.flatMap(r -> kept(r, otherwise == null || !otherwise.isMissing()))
                .orElseGet(() -> otherwise == null ? notOffered(slot, row) : otherwise);
        Stream<SlotRow> subtitles = rows.stream()
                .filter(r -> r.kind() == MediaKind.SUBTITLE)
                .map(r -> kept(r, true).orElseGet(() -> waived(r.slot(), "BY_POLICY")));
        return Stream.concat(Stream.of(video), subtitles).toList();
    }

    private static SlotRow notOffered(MediaSlot slot, Optional<SlotRow> row) {
        boolean isByVideoCall = row.map(SlotRow::reason)
                .filter(MediaSlots.NOT_OFFERED_BY_V6::equals)
                .isPresent();
        return waived(slot, isByVideoCall ? MediaSlots.NOT_OFFERED_BY_V6 : String.valueOf(slot.notOffered()));
    }

    private static Optional<SlotRow> kept(SlotRow row, boolean evenDamaged) {
        Optional<SlotRow> held = row.media != null && evenDamaged ? row.recorded(row.slot()) : row.settled(row.slot());
        return held.filter(
                status -> status.state() != SlotState.WAIVED || !NOT_OFFERED.contains(String.valueOf(status.reason())));
    }
}
