package io.github.notearchive.note;

import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Documented codes of the provider. Other codes have an unknown meaning, and undocumented billing is unknown, as is
 * that of 500, whose collection may have succeeded before the failure.
 */
public enum ProviderCode {
    SUCCESS(0, Billed.YES, Meaning.DELIVERED),
    TOKEN_INVALID(100, Billed.NO, Meaning.ACCOUNT_REFUSED),
    NO_CONTENT(201, Billed.YES, Meaning.ABSENT),
    /** Undocumented; by its number related to 201. */
    NO_CONTENT_ANY_MORE(202, Billed.UNKNOWN, Meaning.ABSENT),
    /** Documented by old pages only. */
    API_INVALID(300, Billed.NO, Meaning.UNKNOWN),
    COLLECTION_FAILED(301, Billed.NO, Meaning.NOT_COLLECTED),
    RATE_LIMIT(302, Billed.NO, Meaning.TOO_FAST),
    DAILY_QUOTA(303, Billed.NO, Meaning.QUOTA_USED_UP),
    BAD_PARAMETER(400, Billed.NO, Meaning.REQUEST_REFUSED),
    NOT_FOUND(404, Billed.UNKNOWN, Meaning.ABSENT),
    INTERNAL_ERROR(500, Billed.UNKNOWN, Meaning.FAULT),
    UNAVAILABLE(503, Billed.UNKNOWN, Meaning.FAULT),
    PERMISSION_DENIED(600, Billed.NO, Meaning.ACCOUNT_REFUSED),
    BALANCE_EXHAUSTED(601, Billed.NO, Meaning.ACCOUNT_REFUSED),
    SPEND_LIMIT(602, Billed.NO, Meaning.ACCOUNT_REFUSED);

    public static final Set<Integer> DOCUMENTED = numbers(code -> code.meaning != Meaning.UNKNOWN);

    /** Codes after which all calls fail until the next day or until an operator acts. */
    public static final Set<Integer> ENDING_CALLS =
            numbers(code -> code.meaning == Meaning.QUOTA_USED_UP || code.meaning == Meaning.ACCOUNT_REFUSED);

    public static final Set<Integer> ABSENT_NOTE = numbers(code -> code.meaning == Meaning.ABSENT);

    private final int number;
    private final Billed billed;
    private final Meaning meaning;

    ProviderCode(int number, Billed billed, Meaning meaning) {
        this.number = number;
        this.billed = billed;
        this.meaning = meaning;
    }

    private static Set<Integer> numbers(Predicate<ProviderCode> which) {
        return Arrays.stream(values()).filter(which).map(ProviderCode::number).collect(Collectors.toUnmodifiableSet());
    }

    public int number() {
        return number;
    }

    /** Returns whether a code of a response is this one; false for null. */
    public boolean is(@Nullable Integer code) {
        return code != null && code == number;
    }

    public static Optional<ProviderCode> of(int number) {
        return Arrays.stream(values()).filter(code -> code.number == number).findFirst();
    }

    public static Billed billed(int number) {
        return of(number).map(code -> code.billed).orElse(Billed.UNKNOWN);
    }

    public static Meaning meaning(int number) {
        return of(number).map(code -> code.meaning).orElse(Meaning.UNKNOWN);
    }

    /** Meaning of a code for note, request or account. */
    public enum Meaning {
        /** The response should contain the note. */
        DELIVERED,
        /** The note does not exist, or no longer. */
        ABSENT,
        /** The provider could not collect the note. */
        NOT_COLLECTED,
        TOO_FAST,
        /** The daily quota is used up until midnight in Shanghai. */
        QUOTA_USED_UP,
        /** Token, permission or balance; an operator must act. */
        ACCOUNT_REFUSED,
        REQUEST_REFUSED,
        FAULT,
        UNKNOWN
    }
}
