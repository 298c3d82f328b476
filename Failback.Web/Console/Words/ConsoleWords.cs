namespace Failback.Web;

/// <summary>The words of the console in one language; one that is missing does not compile.</summary>
internal sealed record ConsoleWords
{
    /// <summary>Languages by the code that the cookie keeps, the first is the default.</summary>
    public static readonly IReadOnlyList<string> Languages = ["en", "fi"];

    public required string Language { get; init; }
    public required UnitWords Units { get; init; }
    public required FrameWords Frame { get; init; }
    public required StateWords States { get; init; }
    public required ActionWords Actions { get; init; }
    public required LogWords Log { get; init; }
    public required StartWords Start { get; init; }
    public required EntryWords Entry { get; init; }
    public required CoverageWords Coverage { get; init; }
    public required RecorderWords Recorders { get; init; }
    public required LimitWords Limits { get; init; }
    public required AuditWords Audit { get; init; }
    public required AccountWords Account { get; init; }
    public required ReasonWords Reasons { get; init; }
    public required FailureWords Failures { get; init; }

    public static ConsoleWords In(string? language) => language == "fi" ? FinnishWords.All : EnglishWords.All;
}

/// <summary>What happened, and what a person does about it.</summary>
internal sealed record Said(string What, string Do);

/// <summary>How numbers and instants are written; cultures of the machine may not be there.</summary>
internal sealed record UnitWords
{
    public required char Decimal { get; init; }
    public required string Group { get; init; }
    public required string Day { get; init; }
    public required string Left { get; init; }
    public required string LessThanAMinute { get; init; }

    /// <summary>Format strings of .NET; month names come from <see cref="Months"/> by <c>{M}</c>.</summary>
    public required string Date { get; init; }
    public required string DateOfThisYear { get; init; }
    public required string Time { get; init; }
    public required string TimeWithSeconds { get; init; }
    public required IReadOnlyList<string> Months { get; init; }
}

internal sealed record FrameWords
{
    public required string Log { get; init; }
    public required string Recorders { get; init; }
    public required string Audit { get; init; }
    public required string Pages { get; init; }
    public required string Skip { get; init; }
    public required string SignOut { get; init; }
    public required string Password { get; init; }
    public required string Theme { get; init; }
    public required string Light { get; init; }
    public required string Dark { get; init; }
    public required string System { get; init; }
    public required string OtherLanguage { get; init; }
    public required Func<string, string> TimesIn { get; init; }
    public required string Loading { get; init; }
    public required Said Trouble { get; init; }
    public required Func<string, string> ShownIsOf { get; init; }
    public required string Reconnecting { get; init; }
    public required string Broken { get; init; }
    public required string Reload { get; init; }
    public required string NotFound { get; init; }
    public required string NoRight { get; init; }
    public required string ToTheLog { get; init; }
    public required string Maintenance { get; init; }
    public required string NoLicence { get; init; }
    public required string Close { get; init; }
    public required string Back { get; init; }
    public required string FirstPage { get; init; }
    public required string NextPage { get; init; }
    public required string Yes { get; init; }
    public required string No { get; init; }
    public required string PreviousPage { get; init; }
    public required string ShowMore { get; init; }

    /// <summary>Some of all: a part never passes for the whole.</summary>
    public required Func<string, string, string> OfAll { get; init; }
    public required Said Unread { get; init; }
    public required string Misread { get; init; }
    public required string BrokenAgain { get; init; }
    public required string BrokenDialog { get; init; }
    public required Func<string, string> Trace { get; init; }
}

/// <summary>States by name, as the doors give them.</summary>
internal sealed record StateWords
{
    public required string Failover { get; init; }
    public required string Failback { get; init; }
    public required string Copy { get; init; }
    public required string Running { get; init; }
    public required string Succeeded { get; init; }
    public required string Failed { get; init; }
    public required string NotStarted { get; init; }
    public required string Queued { get; init; }
    public required string Planning { get; init; }
    public required string WaitingForSource { get; init; }
    public required string Copying { get; init; }
    public required string Paused { get; init; }
    public required string Partial { get; init; }
    public required string Doubted { get; init; }
    public required string Canceled { get; init; }
    public required string Waiting { get; init; }
    public required string Unknown { get; init; }
    public required string RoleRecorder { get; init; }
    public required string RoleFailoverServer { get; init; }
    public required string RoleBroken { get; init; }
    public required string Connected { get; init; }
    public required string Disconnected { get; init; }
    public required string HoldPlacing { get; init; }
    public required string HoldHeld { get; init; }
    public required string HoldReleasing { get; init; }
    public required string HoldReleased { get; init; }
    public required string HoldNone { get; init; }
}

internal sealed record ActionWords
{
    public required string StartFailback { get; init; }
    public required string RetryFailback { get; init; }
    public required string CancelFailback { get; init; }
    public required string StartCopy { get; init; }
    public required string PauseCopy { get; init; }
    public required string ResumeCopy { get; init; }
    public required string RetryCopy { get; init; }
    public required string CancelCopy { get; init; }
    public required string FetchNow { get; init; }
    public required string RetryChannel { get; init; }
    public required string Keep { get; init; }
    public required string CancelFailbackAsk { get; init; }
    public required string CancelCopyAsk { get; init; }
    public required string Asked { get; init; }
    public required Func<string, string> Done { get; init; }
    public required Func<string, string> Refused { get; init; }
    public required string StillPending { get; init; }
    public required string NotFound { get; init; }
    public required string KeyReused { get; init; }
    public required Func<string, string, string> Invalid { get; init; }
    public required string Sending { get; init; }
    public required Func<string, string> NotKnown { get; init; }
    public required string AwayWhenAsked { get; init; }
    public required string BrokenWhenAsked { get; init; }
    public required string NothingAsked { get; init; }
}

internal sealed record LogWords
{
    public required string Title { get; init; }
    public required string Active { get; init; }
    public required string Finalised { get; init; }
    public required string NoneActive { get; init; }
    public required string NoneFinalised { get; init; }
    public required string NoneFound { get; init; }
    public required string Recorder { get; init; }
    public required string FailedRecorder { get; init; }
    public required string FailoverServer { get; init; }
    public required string Time { get; init; }
    public required string Start { get; init; }
    public required string End { get; init; }
    public required string Duration { get; init; }
    public required string Action { get; init; }
    public required string Find { get; init; }
    public required string FindHint { get; init; }
    public required string From { get; init; }
    public required string To { get; init; }
    public required string Clear { get; init; }
    public required Func<string, string> Of { get; init; }
    public required string FailbackOk { get; init; }
    public required string Open { get; init; }
    public required string StandsInStill { get; init; }
    public required string Inherited { get; init; }
    public required Func<string, string> ReleasePending { get; init; }
    public required Func<string, string> WaitsFor { get; init; }
    public required Func<string, string> ClosedUntil { get; init; }
    public required Func<int, string> PlaceInQueue { get; init; }
    public required Func<string, string> Missing { get; init; }
    public required Func<string, string> Conflicts { get; init; }
    public required string WholeAtHome { get; init; }
    public required string DoubtedCopy { get; init; }
    public required string Running { get; init; }
    public required string CopyingNow { get; init; }
    public required string NeedYou { get; init; }
    public required Func<long, string> Unhandled { get; init; }
    public required string OnThisPage { get; init; }
}

internal sealed record StartWords
{
    public required string Title { get; init; }
    public required string Lead { get; init; }
    public required string Checks { get; init; }
    public required string Passed { get; init; }
    public required string AllPassed { get; init; }
    public required string Refused { get; init; }
    public required string Live { get; init; }
    public required string Asking { get; init; }
    public required string NoAnswer { get; init; }
    public required string Address { get; init; }
    public required string Reachable { get; init; }
    public required string NotReachable { get; init; }
    public required string Identity { get; init; }
    public required string OtherIdentity { get; init; }
    public required string Recording { get; init; }
    public required string NotRecording { get; init; }
    public required string Version { get; init; }
    public required string Clock { get; init; }
    public required string Settings { get; init; }
    public required string SameSettings { get; init; }
    public required string NoSettings { get; init; }
    public required string SettingsUnread { get; init; }
    public required Func<string, string> Changes { get; init; }
    public required Func<string, string> More { get; init; }
    public required string Added { get; init; }
    public required string Removed { get; init; }
    public required string Changed { get; init; }
    public required string Home { get; init; }
    public required string ChannelCopies { get; init; }
    public required string Items { get; init; }
    public required string Bytes { get; init; }
    public required string Estimate { get; init; }
    public required Func<string, string, string> About { get; init; }
    public required string Running { get; init; }
    public required string Failed { get; init; }
    public required string CopyTitle { get; init; }
    public required string CopyLead { get; init; }
    public required string Order { get; init; }
    public required string OldestFirst { get; init; }
    public required string NewestFirst { get; init; }
    public required string EvidenceFirst { get; init; }
    public required string NoCopies { get; init; }
    public required CheckWords Check { get; init; }
    public required Func<string, string, string> Over { get; init; }
    public required string Assumed { get; init; }
    public required Func<string, string, string> OnlyIn { get; init; }
    public required string Stranger { get; init; }
    public required string Blocked { get; init; }
    public required string AskAgain { get; init; }
    public required string AddressAtFailover { get; init; }
    public required string AddressNow { get; init; }
    public required string ConfirmAddress { get; init; }
}

/// <summary>What each check looks at, by requirement.</summary>
internal sealed record CheckWords
{
    public required string R5 { get; init; }
    public required string R6 { get; init; }
    public required string R7 { get; init; }
    public required string R8 { get; init; }
    public required string R9 { get; init; }
    public required string R16 { get; init; }
    public required string R17 { get; init; }
    public required string R18 { get; init; }
    public required string D18 { get; init; }
    public required string R42 { get; init; }

    public string this[string id] =>
        id switch
        {
            "R5" => R5,
            "R6" => R6,
            "R7" => R7,
            "R8" => R8,
            "R9" => R9,
            "R16" => R16,
            "R17" => R17,
            "R18" => R18,
            "D18" => D18,
            "R42" => R42,
            _ => id,
        };
}

internal sealed record AccountWords
{
    public required string Title { get; init; }
    public required string Name { get; init; }
    public required string Password { get; init; }
    public required string SignIn { get; init; }
    public required string SignInElsewhere { get; init; }
    public required string Wrong { get; init; }
    public required string TooMany { get; init; }
    public required string NotSignedIn { get; init; }
    public required string PasswordTitle { get; init; }
    public required string Current { get; init; }
    public required string New { get; init; }
    public required string Again { get; init; }
    public required string Change { get; init; }
    public required string Rule { get; init; }
    public required string NotTheSame { get; init; }
}
