package io.github.notearchive.archive.catalog;

import static io.github.notearchive.archive.catalog.SlotState.MISSING;
import static io.github.notearchive.archive.catalog.SlotState.STORED;
import static io.github.notearchive.archive.catalog.SlotState.WAIVED;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.github.notearchive.archive.catalog.SlotStatus.Gap;
import io.github.notearchive.io.PostgresText;
import io.github.notearchive.note.MediaKind;
import io.github.notearchive.note.MediaSlot;
import io.github.notearchive.note.Night;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
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
        @JsonUnwrapped @Nullable StoredMedia media,
        @Nullable String checks,
        @Nullable String error,
        @Nullable Night deadNight,
        @JsonIgnore @Nullable String damage,
        Instant updatedAt) {

    /**
     * Reason of a slot that a refresh added and whose file was unavailable. It is waived, since the note stays
     * archived, until a later attempt succeeds.
     */
    public static final String NOT_REFRESHED = "NOT_REFRESHED";

    /** Reason of a slot stored in a lesser rendition than the best one offered. */
    private static final String DEGRADED = "DEGRADED";

    public SlotRow {
        identity = PostgresText.ofText(identity);
        reason = PostgresText.of(reason);
        rendition = PostgresText.of(rendition);
        checks = PostgresText.of(checks);
        error = PostgresText.of(error);
    }

    private SlotRow(
            MediaSlot slot,
            SlotState state,
            String reason,
            @Nullable String error,
            @Nullable Night deadNight,
            Instant now) {
        this(
                slot.kind(),
                slot.ordinal(),
                slot.identity(),
                state,
                reason,
                null,
                null,
                null,
                null,
                null,
                error,
                deadNight,
                null,
                now);
    }

    static SlotRow of(SlotStatus status, Instant now) {
        MediaSlot slot = status.slot();
        return switch (status) {
            case SlotStatus.Stored stored ->
                new SlotRow(
                        slot.kind(),
                        slot.ordinal(),
                        slot.identity(),
                        STORED,
                        stored.lesserBecause() == null ? null : DEGRADED,
                        stored.rendition(),
                        stored.width(),
                        stored.height(),
                        stored.media(),
                        stored.checks(),
                        stored.lesserBecause(),
                        null,
                        null,
                        now);
            case SlotStatus.Waived(var _, var reason) -> new SlotRow(slot, WAIVED, reason, null, null, now);
            case SlotStatus.Missing(var _, var gap, var error, var deadNight) ->
                new SlotRow(slot, MISSING, gap.name(), error, deadNight, now);
        };
    }

    /** Returns the slot as MISSING, to be downloaded again. */
    public SlotRow asMissing(String why, Instant now) {
        return new SlotRow(slot(), MISSING, Gap.RETRY.name(), why, null, now);
    }

    public SlotRow with(StoredMedia known) {
        return new SlotRow(
                kind, ordinal, identity, state, reason, rendition, width, height, known, checks, error, deadNight,
                damage, updatedAt);
    }

    /** Returns the slot as waived by an operator. The previous error is kept. */
    SlotRow waived(String why, Instant now) {
        return new SlotRow(
                kind, ordinal, identity, WAIVED, why, rendition, width, height, media, checks, error, deadNight, damage,
                now);
    }

    /**
     * Returns the status of a stored or waived slot; empty for a damaged file and one that a refresh did not obtain.
     */
    public Optional<SlotStatus> settled(MediaSlot slot) {
        return damage == null && !NOT_REFRESHED.equals(reason) ? recorded(slot) : Optional.empty();
    }

    /** Returns the recorded status, regardless of damage. */
    public Optional<SlotStatus> recorded(MediaSlot slot) {
        if (media != null) {
            String lesserBecause = isLesser() ? String.valueOf(error) : null;
            return Optional.of(new SlotStatus.Stored(slot, media, rendition, width, height, checks, lesserBecause));
        }
        return state == WAIVED && reason != null ? Optional.of(new SlotStatus.Waived(slot, reason)) : Optional.empty();
    }

    public boolean isMissing() {
        return state == MISSING;
    }

    /** Returns whether the stored file is a lesser rendition than the best one offered. */
    public boolean isLesser() {
        return media != null && DEGRADED.equals(reason);
    }

    /** Returns the slot of this row, without URLs. */
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
}
