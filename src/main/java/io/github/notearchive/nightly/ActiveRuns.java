package io.github.notearchive.nightly;

import io.github.notearchive.batch.Current;
import org.springframework.stereotype.Component;

/** The run that this process is in. */
@Component
class ActiveRuns extends Current<RunState> {

    ActiveRuns() {
        super("a run");
    }
}
