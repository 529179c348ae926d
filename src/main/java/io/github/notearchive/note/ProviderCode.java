package io.github.notearchive.note;

import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The vendor's table of codes: what each means, and what it says of its price. What it does not say is unknown, and so
 * is 500, whose collection may have been done before it failed.
 *
 * <p>The provider may send others. They are numbers like these in a the reply, mean {@link Meaning#UNKNOWN}, and so is
 * their price.
 */
public enum ProviderCode {
    SUCCESS(0, Billed.YES, Meaning.ANSWERED),
    TOKEN_INVALID(100, Billed.NO, Meaning.ACCOUNT_REFUSED),
    NO_CONTENT(201, Billed.YES, Meaning.ABSENT),
    /** Nothing is written about it; by its number the successor of 201. */
    NO_CONTENT_ANY_MORE(202, Billed.UNKNOWN, Meaning.ABSENT),
    /** Of old pages, which tell its price. */
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

    /** Those whose meaning is known. */
    public static final Set<Integer> DOCUMENTED = numbers(code -> code.meaning != Meaning.UNKNOWN);

    /** Those after which no call succeeds, until the next day or until someone acts. */
    public static final Set<Integer> ENDING_CALLS = numbers(code -> code.meaning.endsCalls());

    /** Those by which there is no such note, or no longer. */
    public static final Set<Integer> SAYING_ABSENT = numbers(code -> code.meaning == Meaning.ABSENT);

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

    /** As it stands in an answer and in the ledger. */
    public int number() {
        return number;
    }

    /** Whether an answer has this code; one without a code has none. */
    public boolean is(@Nullable Integer code) {
        return code != null && code == number;
    }

    /** The one with this number; empty when the table has none. */
    public static Optional<ProviderCode> of(int number) {
        return Arrays.stream(values()).filter(code -> code.number == number).findFirst();
    }

    public static Billed billed(int number) {
        return of(number).map(code -> code.billed).orElse(Billed.UNKNOWN);
    }

    public static Meaning meaning(int number) {
        return of(number).map(code -> code.meaning).orElse(Meaning.UNKNOWN);
    }

    /** What a code says about the note, the request or the account. */
    public enum Meaning {
        /** The note should be in the answer. */
        ANSWERED,
        /** There is no such note, or no longer. */
        ABSENT,
        /** The provider could not collect the note. */
        NOT_COLLECTED,
        /** We ask too fast. */
        TOO_FAST,
        /** The day's quota is used up, until midnight in Shanghai. */
        QUOTA_USED_UP,
        /** Token, permission or balance; somebody has to act. */
        ACCOUNT_REFUSED,
        /** The request is wrong. */
        REQUEST_REFUSED,
        /** The provider is in trouble. */
        FAULT,
        UNKNOWN;

        /** Whether every other call would get the same answer now. */
        boolean endsCalls() {
            return this == QUOTA_USED_UP || this == ACCOUNT_REFUSED;
        }
    }
}
