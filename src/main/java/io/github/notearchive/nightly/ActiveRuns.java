package io.github.notearchive.nightly;

import io.github.notearchive.batch.Current;
import org.springframework.stereotype.Component;

/** The active run of this process. */
@Component
class ActiveRuns extends Current<RunState> {

    ActiveRuns() {
        super("an active run");
    }
}
