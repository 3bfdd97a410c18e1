/**
 * The SQL of the SUSDB poller, all of it. Column names are those of public view definitions and clean-up scripts; it has
 * not been run against a SQL Server, because none could be had: the tests feed rows of this shape to the mapping.
 * Parameters: `@after` datetime (UTC; the column's own type, so that a time read comes back as itself), `@limit` int.
 */
export const SUSDB_QUERIES = {
  /** Once for each connection: WSUS comes first, and whoever waits for it does not wait for ever. */
  manners: 'SET DEADLOCK_PRIORITY LOW; SET LOCK_TIMEOUT 30000;',
  /** Rows of `SusdbEvent`, oldest first. `WITH TIES` keeps rows of one instant on one page. */
  events: `
SELECT TOP (@limit) WITH TIES
  e.EventInstanceID AS eventInstanceId, e.EventNamespaceID AS namespaceId, e.EventID AS eventId,
  e.ComputerID AS computerId, c.Name AS computerName, e.UpdateID AS updateId, e.RevisionNumber AS revision,
  e.TimeAtTarget AS timeAtTarget, e.TimeAtServer AS timeAtServer, e.Win32HResult AS win32HResult,
  u.DefaultTitle AS title, u.KnowledgebaseArticle AS knowledgeBaseArticle
FROM dbo.tbEventInstance AS e
LEFT JOIN PUBLIC_VIEWS.vComputerTarget AS c ON c.ComputerTargetId = e.ComputerID
LEFT JOIN PUBLIC_VIEWS.vUpdate AS u ON u.UpdateId = e.UpdateID
WHERE e.EventNamespaceID = 1 AND e.TimeAtServer > @after
ORDER BY e.TimeAtServer`,
  /** One row of `SusdbExtent`: how far back and forth the table reaches. */
  extent:
    'SELECT MIN(TimeAtServer) AS oldest, MAX(TimeAtServer) AS newest FROM dbo.tbEventInstance WHERE EventNamespaceID = 1',
  /** Rows of `SusdbState`. The basic view: the other is a cross join of all updates and computers. */
  states: `
SELECT i.ComputerTargetId AS computerId, c.Name AS computerName, i.UpdateId AS updateId, i.State AS state,
  u.DefaultTitle AS title, u.KnowledgebaseArticle AS knowledgeBaseArticle
FROM PUBLIC_VIEWS.vUpdateInstallationInfoBasic AS i
JOIN PUBLIC_VIEWS.vComputerTarget AS c ON c.ComputerTargetId = i.ComputerTargetId
LEFT JOIN PUBLIC_VIEWS.vUpdate AS u ON u.UpdateId = i.UpdateId
WHERE i.State IN (4, 5, 6)`,
} as const;
