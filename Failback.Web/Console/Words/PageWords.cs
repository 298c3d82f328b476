using Failback.Messages;

namespace Failback.Web;

internal sealed record EntryWords
{
    public required string Title { get; init; }
    public required string Timeline { get; init; }
    public required string RecorderDown { get; init; }
    public required string StandsIn { get; init; }
    public required string SettingsHome { get; init; }
    public required string MaterialHome { get; init; }
    public required string Records { get; init; }
    public required string Still { get; init; }
    public required string Facts { get; init; }
    public required string Trigger { get; init; }
    public required string Manual { get; init; }
    public required string Automatic { get; init; }
    public required string By { get; init; }
    public required string Attempt { get; init; }
    public required string Hold { get; init; }
    public required string SettingsDigest { get; init; }
    public required string Id { get; init; }
    public required string Periods { get; init; }
    public required string NoPeriods { get; init; }
    public required string OwnPeriod { get; init; }
    public required string InheritedPeriod { get; init; }
    public required string Audit { get; init; }
    public required string NoAudit { get; init; }
    public required string Report { get; init; }
    public required string NoReport { get; init; }
    public required string ReportWhole { get; init; }
    public required string ReportNotWhole { get; init; }
    public required string ReportAsked { get; init; }
    public required string ReportNotMade { get; init; }
    public required string ByListings { get; init; }
    public required string ByContents { get; init; }
    public required string Signed { get; init; }
    public required string NotSigned { get; init; }
    public required string ReportFile { get; init; }
    public required string SignatureFile { get; init; }
    public required string ReportKey { get; init; }
    public required string Progress { get; init; }
    public required string NoCopy { get; init; }
    public required string FetchTitle { get; init; }
    public required string FetchLead { get; init; }
    public required string FetchWrong { get; init; }
}

internal sealed record CoverageWords
{
    public required string Title { get; init; }
    public required string Lead { get; init; }
    public required string Overview { get; init; }
    public required string Had { get; init; }
    public required string Copied { get; init; }
    public required string Home { get; init; }
    public required string Missing { get; init; }
    public required string Conflict { get; init; }
    public required string ToCome { get; init; }
    public required string ZoomIn { get; init; }
    public required string ZoomOut { get; init; }
    public required string Earlier { get; init; }
    public required string Later { get; init; }
    public required string Whole { get; init; }
    public required string Keys { get; init; }
    public required string Channel { get; init; }
    public required string Kind { get; init; }
    public required string Picture { get; init; }
    public required string State { get; init; }
    public required string Bytes { get; init; }
    public required string OnlyTrouble { get; init; }
    public required string NoTrouble { get; init; }
    public required string MissingRanges { get; init; }
    public required string Why { get; init; }
    public required string Items { get; init; }
    public required string Audio { get; init; }
    public required string Video { get; init; }
    public required string Text { get; init; }
    public required string Metadata { get; init; }
    public required string Anpr { get; init; }
    public required string Alarm { get; init; }
    public required string Nothing { get; init; }
    public required Func<string, string> ConflictSomewhere { get; init; }

    /// <summary>Items that were copied beside the recorder's own of the same time (D17).</summary>
    public required Func<string, string> Overlaps { get; init; }
    public required Func<string, string, string> HomeOf { get; init; }

    /// <summary>Which channel copies of how many.</summary>
    public required Func<string, string, string> ShownOf { get; init; }

    /// <summary>Why something is missing that the copy did not come to.</summary>
    public required Said NotReached { get; init; }

    public string this[DataKind kind] =>
        kind switch
        {
            DataKind.Audio => Audio,
            DataKind.Video => Video,
            DataKind.Text => Text,
            DataKind.Metadata => Metadata,
            DataKind.Anpr => Anpr,
            DataKind.Alarm => Alarm,
            _ => kind.ToString(),
        };

    public string this[CoverageShade shade] =>
        shade switch
        {
            CoverageShade.Had => Had,
            CoverageShade.Copied => Copied,
            CoverageShade.Home => Home,
            CoverageShade.Nothing => Nothing,
            CoverageShade.Missing => Missing,
            CoverageShade.Conflict => Conflict,
            _ => ToCome,
        };
}

internal sealed record RecorderWords
{
    public required string Title { get; init; }
    public required string None { get; init; }
    public required string Role { get; init; }
    public required string Connection { get; init; }
    public required Func<string, string> Since { get; init; }
    public required string Maintenance { get; init; }
    public required string On { get; init; }
    public required string Off { get; init; }
    public required string Automatic { get; init; }
    public required string AutomaticFailback { get; init; }
    public required string AutomaticCopy { get; init; }
    public required string NoFailover { get; init; }
    public required string StandsInFor { get; init; }
    public required string Holds { get; init; }
    public required string Queue { get; init; }
    public required string OpenLog { get; init; }
    public required string Details { get; init; }
    public required string QueueOf { get; init; }
    public required string EmptyQueue { get; init; }
    public required string Created { get; init; }
}

internal sealed record LimitWords
{
    public required string Site { get; init; }
    public required string OfRecorder { get; init; }
    public required string Rate { get; init; }
    public required string Channels { get; init; }
    public required string Hours { get; init; }
    public required string HoursHint { get; init; }
    public required string Any { get; init; }
    public required string NoLimit { get; init; }
    public required string Set { get; init; }
    public required string InForce { get; init; }
    public required string NotSet { get; init; }
    public required string Change { get; init; }
    public required string ChangeTitle { get; init; }
    public required string Lead { get; init; }
    public required string Save { get; init; }
    public required Func<string, string, string> ChangedBy { get; init; }
    public required string WrongRate { get; init; }
    public required string WrongChannels { get; init; }
    public required string GroupedRate { get; init; }
}

internal sealed record AuditWords
{
    public required string Title { get; init; }
    public required string None { get; init; }
    public required string When { get; init; }
    public required string Who { get; init; }
    public required string What { get; init; }
    public required string Subject { get; init; }
    public required string Outcome { get; init; }
    public required string Detail { get; init; }
    public required string Accepted { get; init; }
    public required string Asked { get; init; }
    public required string Refused { get; init; }
    public required string StartFailback { get; init; }
    public required string CancelFailback { get; init; }
    public required string Inspect { get; init; }
    public required string StartCopy { get; init; }
    public required string PauseCopy { get; init; }
    public required string ResumeCopy { get; init; }
    public required string CancelCopy { get; init; }
    public required string FetchPeriod { get; init; }
    public required string SetLimits { get; init; }
    public required string Discard { get; init; }
    public required string More { get; init; }
    public required string Queues { get; init; }
    public required string QueuesLead { get; init; }
    public required string Queue { get; init; }
    public required string Messages { get; init; }
    public required string Why { get; init; }
    public required string InError { get; init; }
    public required string InSkipped { get; init; }
    public required string InDead { get; init; }
    public required string InRefused { get; init; }

    /// <summary>Why a message is in a queue, by the kind of that.</summary>
    public string WhyIn(string kind) =>
        kind switch
        {
            "skipped" => InSkipped,
            "dead" => InDead,
            "refused" => InRefused,
            _ => InError,
        };

    /// <summary>By the name of the request, or of the right that was used; null for what has no words.</summary>
    public string? this[string what] =>
        what switch
        {
            "manual-failback-requested" or "failback.start" => StartFailback,
            "cancel-failback" => CancelFailback,
            "inspect-recorders" => Inspect,
            "start-data-copy" or "copy.start" => StartCopy,
            "pause-material-copy" or "copy.control pause" => PauseCopy,
            "resume-material-copy" or "copy.control resume" => ResumeCopy,
            "cancel-material-copy" or "copy.control cancel" => CancelCopy,
            "fetch-period-now" or "copy.control fetch period now" => FetchPeriod,
            "set-copy-limits" or "copy.control set limits" => SetLimits,
            "queues.discard" => Discard,
            "more refusals" => More,
            _ => null,
        };
}
